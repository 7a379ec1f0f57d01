"""The shared vocabulary: what a room stores and what its subscribers receive.

All values are frozen. Times are UTC, durations milliseconds; `None` means unknown, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal


class Kind(StrEnum):
    """Who wrote a message."""

    HUMAN = "human"
    AGENT = "agent"
    EXTERNAL = "external"
    SYSTEM = "system"


class ReplyStatus(StrEnum):
    """How far a message got. Everything but `PENDING` is final."""

    PENDING = "pending"
    COMPLETE = "complete"
    PARTIAL = "partial"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        return self is not ReplyStatus.PENDING


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one generation, as the model's own server counted them.

    `cached_tokens` are those of the prompt that were read from a prompt cache.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds of one generation; `tokens_per_s` leaves out the wait for the first token."""

    queued_ms: float | None = None
    load_ms: float | None = None
    first_token_ms: float | None = None
    total_ms: float | None = None
    tokens_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a message is as it is: an error code with parameters, put into words where shown."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Votes:
    """How many users liked a line, and how many did not."""

    up: int = 0
    down: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """One line of a room. `seq` counts 1, 2, 3, … per room without a gap.

    A deleted message stays as a tombstone: `deleted` is true and `content` empty. `host` names
    the machine whose model answered when it was not this one. `reasoning` is what the model
    thought aloud; `speech` is what the response processor did and heard (`None`: nothing). `turn`
    tells why it was this agent's: {"policy", "code", "params"}; `heard_seq` is the last line that
    it had heard when it began.

    `to` names those for whom a whisper is (empty: everybody). `variant` of `variants` answers
    is the one that is shown; `votes` are those on it. `again` tells, while it is pending, that
    this line is not new: "regenerate" or "continue". `hidden`: whoever asked may not hear it,
    so its words are left out.
    """

    id: str
    room: str
    seq: int
    sender: str
    kind: Kind
    content: str
    status: ReplyStatus
    created_at: datetime
    reply_to: int | None = None
    model: str | None = None
    host: str | None = None
    reason: Reason | None = None
    usage: Usage | None = None
    timings: Timings | None = None
    attachments: tuple[Mapping[str, Any], ...] = ()
    deleted: bool = False
    reasoning: str | None = None
    speech: Mapping[str, Any] | None = None
    turn: Mapping[str, Any] | None = None
    heard_seq: int | None = None
    to: tuple[str, ...] = ()
    pinned: bool = False
    edited_at: str | None = None
    variant: int = 1
    variants: int = 1
    votes: Votes = Votes()
    again: str | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What was said, as those in the room heard it: a finished message without its history."""

    seq: int
    sender: str
    content: str
    whispered: bool = False


FrameType = Literal["message", "delta", "status", "edit", "presence", "error"]


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One step of a room, as subscribers see it.

    `event` counts 1, 2, 3, … per room without a gap and is stored before it is seen, so that
    a subscriber can resume after a kill. `seq` is the message it is about (`None` for
    presence). Exactly one of the payloads fits the type: `message` for message, status and
    edit; `offset` (Unicode code points) and `text` for delta; `data` for presence and error.
    """

    type: FrameType
    room: str
    event: int
    seq: int | None = None
    message: Message | None = None
    offset: int | None = None
    text: str | None = None
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in a prompt: its bytes as they are in the file, and "image/png" or the like."""

    data: bytes
    media_type: str = "image/png"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to have a tool run. `id` ties the tool's answer to it."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message as a model is sent it.

    `images` go with what a user says; `tool_calls` are an assistant's wishes, and each is
    answered by a message of the role tool with its `tool_call_id`. `unfinished`, for the last one
    of an assistant: the answer goes on from there, in the middle of the sentence if need be.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    images: tuple[Image, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    unfinished: bool = False
