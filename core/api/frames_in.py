"""What a client may send over a room's WebSocket, and what becomes of it."""

from __future__ import annotations

import json
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from core.api.context import user_name
from core.errors import BodyTooLarge, InvalidInput
from core.messages import Message
from core.rooms.people.seats import Tell
from core.workbench import Workbench

MAX_FRAME_CHARACTERS = 400_000  # a longest message, every character of it escaped
FRAMES_PER_S = 1_000
_BURST = 2_000.0


@dataclass(frozen=True, slots=True)
class Seat:
    """Whose socket this is: the room, the user, and the connection that outside agents share."""

    room: str
    owner: str
    connection: str


def parse(text: str) -> dict[str, Any]:
    """One frame as an object.

    Raises:
        BodyTooLarge, InvalidInput: it is too long, or no JSON object.
    """
    if len(text) > MAX_FRAME_CHARACTERS:
        raise BodyTooLarge(limit=MAX_FRAME_CHARACTERS)
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput(field="frame", expected="a JSON object", found=text[:40]) from None
    if not isinstance(frame, dict):
        raise InvalidInput(field="frame", expected="a JSON object", found=type(frame).__name__)
    return frame


def is_said(frame: dict[str, Any]) -> bool:
    """Whether a person says something; all else is for `act`."""
    return frame.get("type") == "message" and "agent" not in frame


def say(bench: Workbench, seat: Seat, frame: dict[str, Any]) -> Future[Message]:
    """Store a person's message; does not block. The future resolves once it is committed.

    Raises:
        WorkbenchError: it is no message.
    """
    return bench.rooms.saying.post_soon(
        seat.room,
        _text(frame, "content"),
        sender=_optional(frame, "sender") or user_name(bench),
        owner=seat.owner,
        key=_optional(frame, "idempotency_key"),
        reply_to=_number(frame, "reply_to"),
        to=_names(frame, "to"),
    )


def act(bench: Workbench, seat: Seat, frame: dict[str, Any], tell: Tell) -> None:
    """Do what an outside agent asks for; blocks until it is stored. `tell` answers it later.

    Raises:
        WorkbenchError: it cannot be done, in words for who sent it.
    """
    match frame.get("type"):
        case "message":
            _agent_message(bench, seat, frame)
        case "delta":
            text, agent = _text(frame, "text"), _text(frame, "agent")
            answered = _number(frame, "reply_to")
            bench.rooms.outside.delta(seat.room, agent, text, seat.connection, reply_to=answered)
        case "join":
            bench.rooms.outside.join(
                seat.room,
                _agents(frame),
                seat.connection,
                heartbeat_s=_seconds(frame, "heartbeat_s"),
                tell=tell,
            )
        case "pass":
            bench.rooms.outside.decline(seat.room, _text(frame, "agent"), seat.connection)
        case "vote":
            agent, ballot = _text(frame, "agent"), _text(frame, "ballot")
            choice = _optional(frame, "choice")
            bench.rooms.outside.vote(seat.room, agent, ballot, choice, seat.connection)
        case "heartbeat":
            pass  # that it came says all
        case "leave":
            bench.rooms.outside.leave(seat.connection)
        case other:
            expected = "message, delta, join, leave, pass, vote or heartbeat"
            raise InvalidInput(field="type", expected=expected, found=repr(other)[:40])


def _agent_message(bench: Workbench, seat: Seat, frame: dict[str, Any]) -> None:
    bench.rooms.outside.message(
        seat.room,
        _text(frame, "agent"),
        _text(frame, "content"),
        seat.connection,
        reply_to=_number(frame, "reply_to"),
        key=_optional(frame, "idempotency_key"),
        to=_names(frame, "to"),
    )


class Pace:
    """Counts frames; `over` says that they come faster than one connection may send them."""

    def __init__(self) -> None:
        self._left = _BURST
        self._at = time.monotonic()

    def over(self) -> bool:
        now = time.monotonic()
        self._left = min(_BURST, self._left + (now - self._at) * FRAMES_PER_S) - 1
        self._at = now
        return self._left < 0


def _text(frame: dict[str, Any], name: str) -> str:
    value = frame.get(name)
    if not isinstance(value, str):
        raise InvalidInput(field=name, expected="text", found=type(value).__name__)
    return value


def _optional(frame: dict[str, Any], name: str) -> str | None:
    return None if frame.get(name) is None else _text(frame, name)


def _names(frame: dict[str, Any], name: str) -> list[str]:
    value = frame.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidInput(field=name, expected="a list of names", found=repr(value)[:40])
    return value


def _number(frame: dict[str, Any], name: str) -> int | None:
    value = frame.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise InvalidInput(field=name, expected="the number of a message", found=repr(value)[:40])
    return value


def _seconds(frame: dict[str, Any], name: str) -> float | None:
    value = frame.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InvalidInput(field=name, expected="seconds", found=repr(value)[:40])
    return float(value)


def joining(frame: dict[str, Any]) -> list[str]:
    """The names of the agents that a frame brings."""
    return [str(one.get("name", "")).strip() for one in _agents(frame)]


def _agents(frame: dict[str, Any]) -> list[dict[str, Any]]:
    agents = frame.get("agents")
    if not isinstance(agents, list) or not all(isinstance(one, dict) for one in agents):
        raise InvalidInput(field="agents", expected="a list of {name}", found=repr(agents)[:40])
    return agents
