"""What the routes take and give, for checking and for /docs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_SEQ = 2**53 - 1  # what every JSON reader can count to

Seq = Annotated[int, Field(ge=0, le=MAX_SEQ)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ErrorBody(BaseModel):
    code: str
    message: str = Field(description="What happened, in the caller's language.")
    hint: str = Field(description="What to do next.")


class Failure(BaseModel):
    error: ErrorBody


class NewMessage(_Body):
    """A message of a person."""

    content: str = Field(description="Its text; a room takes 32,000 characters.")
    sender: str | None = Field(None, max_length=200, description="Default: your name in rooms.")
    idempotency_key: str | None = Field(
        None, description="One per room and user: sent twice, it is stored once."
    )
    reply_to: Seq | None = Field(None, description="The `seq` of the message this answers.")
    to: list[Name] = Field(
        default_factory=list, max_length=20, description="A whisper: who alone hears it."
    )


class NewMessageSimple(NewMessage):
    room: Name = Field(description="A room's id or name.")


class UsageOut(BaseModel):
    prompt_tokens: int | None
    completion_tokens: int | None


class TimingsOut(BaseModel):
    queued_ms: float | None
    load_ms: float | None
    first_token_ms: float | None
    total_ms: float | None
    tokens_per_s: float | None


class VotesOut(BaseModel):
    up: int
    down: int


class MessageOut(BaseModel):
    """One line of a room; `seq` counts 1, 2, 3, … without a gap."""

    id: str
    room: str
    seq: int
    sender: str
    kind: Literal["human", "agent", "external", "system"]
    content: str
    status: Literal["pending", "complete", "partial", "stopped", "failed"]
    reply_to: int | None
    model: str | None
    reason: str | None
    usage: UsageOut | None
    timings: TimingsOut | None
    attachments: list[dict[str, Any]]
    created_at: datetime
    deleted: bool
    reasoning: str | None = Field(description="What the model thought aloud before it spoke.")
    speech: dict[str, Any] | None = Field(description="What was cut, masked and heard in it.")
    turn: dict[str, Any] | None = Field(description="Why it was this one's turn.")
    heard_seq: int | None = Field(description="The last line it had heard when it began.")
    to: list[str] = Field(description="Whom a whisper is for; empty: everybody.")
    pinned: bool
    edited_at: str | None
    variant: int = Field(description="Which of its answers is shown, from 1.")
    variants: int = Field(description="How many answers there are.")
    votes: VotesOut = Field(description="Of the answer that is shown.")
    again: Literal["regenerate", "continue"] | None = Field(
        description="While it is pending: that this line is not new."
    )
    hidden: bool = Field(description="It was not for the ears that `as` names: no words.")


class MessageList(BaseModel):
    messages: list[MessageOut]


class MemberOut(BaseModel):
    name: str
    kind: Literal["agent", "external"]
    model: str | None
    capabilities: list[str]
    muted: bool = Field(description="It listens and is not asked.")
    away: bool = Field(description="An outside agent that has not been heard of for a while.")


class SeatOut(BaseModel):
    """An agent in a room; `capabilities` are what an outside agent said it can do."""

    name: str
    kind: Literal["agent", "external"]
    capabilities: list[str]
    muted: bool
    away: bool
    description: str
    model: str | None


class MemberList(BaseModel):
    agents: list[SeatOut]


class RoomOut(BaseModel):
    id: str
    name: str
    policy: str
    policy_options: dict[str, Any]
    context_tokens: int | None = Field(description="Asked of its models here.")
    members: list[MemberOut]
    created_at: str
    updated_at: str
    deleted_at: str | None
    last_seq: int
    last_event: int
    origin: dict[str, Any] | None = Field(description="Of a branch: {room, name, seq}.")
    halted: ErrorBody | None = Field(description="Why nobody answers until it is let go on.")


class RoomLine(RoomOut):
    """A room as the list shows it."""

    last_line: MessageOut | None
    speaking: bool


class RoomList(BaseModel):
    rooms: list[RoomLine]


class NewRoom(_Body):
    name: str = Field(description="1 to 80 characters on one line.")
    members: list[Name] = Field(default_factory=list, max_length=100, description="Agents.")
    policy: str = Field("in_order", max_length=32, description="How they take turns.")


class RoomChange(_Body):
    """What is left out stays as it is."""

    name: str | None = None
    members: list[Name] | None = Field(None, max_length=100)
    models: dict[Name, str | None] | None = Field(
        None, description="Another model for a member in this room; null: its own again."
    )
    policy: str | None = Field(None, max_length=32, description="How they take turns.")
    policy_options: dict[str, Any] | None = Field(
        None, description="What is set about the policy; what is left out stays as it is."
    )
    muted: dict[Name, bool] | None = Field(None, description="Who listens without being asked.")
    limits: dict[str, float | None] | None = Field(
        None, description="What it may cost: turns, tokens, seconds, joules; null: any number."
    )


class ModelOut(BaseModel):
    """`null` means unknown, never zero or no."""

    ref: str
    title: str
    provider: str
    size_bytes: int | None
    context_tokens: int | None
    capabilities: list[str]
    local: bool
    host: str | None
    parameters: str | None
    quantization: str | None
    family: str | None
    loaded: bool | None
    adapters: list[str] = Field(description="Adapters that can follow its reference with a “+”.")
    load: dict[str, Any] | None = Field(description="How it is loaded now: device, layers …")


class ProviderOut(BaseModel):
    name: str
    available: bool
    address: str | None
    version: str | None
    error: ErrorBody | None


class ModelList(BaseModel):
    models: list[ModelOut]
    providers: list[ProviderOut]


class Health(BaseModel):
    status: Literal["ok", "degraded"]
    version: str
    problem: str | None = Field(description="The error code of why nothing can be stored now.")


class Pong(BaseModel):
    ping: Literal["pong"]
