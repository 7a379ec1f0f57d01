"""What the routes about taking turns take and give."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.api.schemas import Name


class NextTurn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    agent: Name = Field(description="A member of the room.")


class ComingOut(BaseModel):
    agent: str
    why: str | None = Field(description="Why it is its turn, in your language.")
    model: str
    loads: bool | None = Field(description="Whether its model must be loaded first.")


class RoundOut(BaseModel):
    """A round and what it cost; `null` means unknown."""

    trigger_seq: int = Field(description="The last message of people that it answers.")
    policy: str
    state: Literal["open", "done", "dropped"]
    turns: int
    loads: int | None = Field(description="Loads of models that it made.")
    naive_loads: int | None = Field(description="Those that the policy's order would have made.")
    saved_s: float | None = Field(description="Seconds of loading saved.")


class QueueOut(BaseModel):
    """Who speaks, who is next and why, and what the last rounds cost."""

    room: str
    speaking: str | None
    seq: int | None
    also: list[str] = Field(description="Who speaks at the same time.")
    choosing: bool = Field(description="A model is asked who speaks next.")
    ahead: int | None = Field(description="Turns of other rooms before its own, while it waits.")
    next: list[ComingOut]
    rounds: list[RoundOut] = Field(description="The newest rounds, the newest first.")


class PartOut(BaseModel):
    """One thing in memory; `null` means unknown. A `picker` is asked who speaks next."""

    kind: Literal["model", "picker", "encoder"]
    ref: str
    members: list[str]
    place: Literal["gpu", "host"]
    weights_bytes: int | None
    kv_bytes: int | None
    total_bytes: int | None
    fits: bool | None


class RemedyOut(BaseModel):
    kind: Literal["context", "model", "share"]
    members: list[str]
    picker: bool = Field(description="Whether the model that picks who speaks is meant, too.")
    context_tokens: int | None
    model: str | None
    total_bytes: int | None


class PreflightOut(BaseModel):
    room: str
    verdict: Literal["fits", "swaps", "does_not_fit", "unknown"]
    context_tokens: int
    parts: list[PartOut]
    available_bytes: dict[str, int | None]
    remedies: list[RemedyOut]


class RemedyChoice(BaseModel):
    model_config = ConfigDict(extra="forbid")

    remedy: str = Field(max_length=40, description="The kind of one that is offered.")


class OptionOut(BaseModel):
    name: str
    kind: Literal["count", "switch", "member", "members", "model"]
    default: Any
    title: str
    low: int
    high: int


class PolicyOut(BaseModel):
    name: str
    title: str
    explained: str
    options: list[OptionOut]


class PolicyList(BaseModel):
    policies: list[PolicyOut]
