"""What the routes that change messages take and give."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.api.schemas import TimingsOut, UsageOut


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LineChange(_Body):
    content: str | None = Field(None, description="Its new words.")
    pinned: bool | None = None


class NewAnswer(_Body):
    model: str | None = Field(None, description="Ask this model instead of the agent's own.")


class NewVote(_Body):
    value: Literal[1, 0, -1] = Field(description="1: good; -1: not; 0: no vote any more.")


class NewPin(_Body):
    pinned: bool = True


class NewBranch(_Body):
    name: str | None = Field(None, description='Default: the room\'s, numbered ("Tea 2").')


class VariantOut(BaseModel):
    number: int
    shown: bool
    content: str
    status: str
    model: str | None
    host: str | None
    reason: str | None
    usage: UsageOut | None
    timings: TimingsOut | None
    reasoning: str | None
    speech: dict[str, Any] | None
    edited_at: str | None


class VariantList(BaseModel):
    variants: list[VariantOut]


class EditOut(BaseModel):
    """What it said before a change; the first change first."""

    number: int
    variant: int
    content: str
    editor: str
    at: str


class EditList(BaseModel):
    edits: list[EditOut]


class SentMessage(BaseModel):
    role: str
    content: str


class FeedbackOut(BaseModel):
    """`prompt` is empty when it is not kept any more."""

    seq: int
    agent: str
    source: Literal["edit", "vote", "choice"]
    prompt: list[SentMessage]
    chosen: str | None
    rejected: str | None


class FeedbackList(BaseModel):
    feedback: list[FeedbackOut]


class BudgetOut(BaseModel):
    limits: dict[str, float]
    spent: dict[str, float]
