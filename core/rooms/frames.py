"""Messages and events as JSON, as CONTRACT.md names their fields, in a listener's language."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from core import errors
from core.messages import Message, StreamEvent
from core.rooms.policies.reasons import why


def message_body(message: Message, lang: str | None = None) -> dict[str, Any]:
    """A message for the API; `reason` is a sentence in `lang`, `null` when all went as wanted."""
    return {
        "id": message.id,
        "room": message.room,
        "seq": message.seq,
        "sender": message.sender,
        "kind": str(message.kind),
        "content": message.content,
        "status": str(message.status),
        "reply_to": message.reply_to,
        "model": message.model,
        "host": message.host,
        "reason": errors.explain(message.reason, lang) if message.reason else None,
        "usage": asdict(message.usage) if message.usage else None,
        "timings": asdict(message.timings) if message.timings else None,
        "attachments": [dict(item) for item in message.attachments],
        "created_at": message.created_at.isoformat(),
        "deleted": message.deleted,
        "reasoning": message.reasoning,
        "speech": dict(message.speech) if message.speech else None,
        "turn": {**message.turn, "why": why(message.turn, lang)} if message.turn else None,
        "heard_seq": message.heard_seq,
        "to": list(message.to),
        "pinned": message.pinned,
        "edited_at": message.edited_at,
        "variant": message.variant,
        "variants": message.variants,
        "votes": asdict(message.votes),
        "again": message.again,
        "hidden": message.hidden,
    }


def frame(event: StreamEvent, lang: str | None = None) -> dict[str, Any]:
    """An event for a WebSocket: its head, then the fields of its type beside it."""
    head: dict[str, Any] = {"type": event.type, "room": event.room, "event": event.event}
    if event.seq is not None:
        head["seq"] = event.seq
    if event.message is not None:
        return head | message_body(event.message, lang)
    if event.type == "delta":
        return head | {"offset": event.offset, "text": event.text}
    return head | dict(event.data or {})


def frame_text(event: StreamEvent, lang: str = "en") -> str:
    """`frame` as JSON text. Encoded once for all listeners of one language."""
    # Live events are shared objects: their identity is the key, and the cache keeps them alive.
    return _encoded(_ById(event), lang)


class _ById:
    __slots__ = ("event",)

    def __init__(self, event: StreamEvent) -> None:
        self.event = event

    def __hash__(self) -> int:
        return id(self.event)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and self.event is other.event


@lru_cache(maxsize=256)
def _encoded(key: _ById, lang: str) -> str:
    return json.dumps(frame(key.event, lang), ensure_ascii=False, separators=(",", ":"))
