"""What the routes about quotas, the cache, circuits and errors give."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from core.api.schemas import ErrorBody


class SpentOut(BaseModel):
    used: int
    limit: int | None = Field(description="`null`: there is none.")


class QuotaOut(BaseModel):
    """What the caller has asked for."""

    owner: str
    requests_a_minute: SpentOut
    tokens_a_day: SpentOut = Field(description="Of replies, this UTC day.")
    reached: ErrorBody | None = Field(description="Why the next message would be refused.")
    retry_after_s: int | None = Field(description="When it would not be.")


class CacheOut(BaseModel):
    enabled: bool
    rows: int
    total_bytes: int
    hits: int = Field(description="How often the answers that are kept were given again.")


class ClearedOut(BaseModel):
    cleared: int


class CircuitOut(BaseModel):
    """What is thought of one model server."""

    name: str
    host: str | None = Field(description="`null`: this machine.")
    state: Literal["closed", "half_open", "open"]
    failures: int
    retry_in_s: float | None = Field(description="Until it is tried again; `null` when closed.")
    cause: str | None = Field(description="The code of its last failure.")


class CircuitList(BaseModel):
    circuits: list[CircuitOut]


class AgentError(BaseModel):
    """One reply that did not go as wanted."""

    code: str = Field(description="The kind of error.")
    message: str
    status: Literal["complete", "partial", "failed", "stopped"]
    model: str | None = Field(description="The model that was wanted.")
    room: str
    seq: int
    at: str


class AgentErrors(BaseModel):
    """The newest first; `kinds` counts them by code."""

    errors: list[AgentError]
    kinds: dict[str, int]
