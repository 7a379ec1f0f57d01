"""From the rows of rooms to what the rest of the app speaks of. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.messages import Kind, Message, Reason, ReplyStatus, StreamEvent, Timings, Usage, Votes
from core.rooms.model import Member, Room
from core.store.prepared import Row
from core.store.times import from_text


def to_member(row: Row) -> Member:
    return Member(
        name=row["name"],
        kind=Kind(row["kind"]),
        model=row["model"],
        capabilities=tuple(row["capabilities"]),
        muted=row["muted"],
        away=row["away"],
    )


def to_room(row: Row, members: Sequence[Member]) -> Room:
    fields = ("id", "name", "policy", "created_at", "updated_at", "last_seq", "last_event")
    values = {name: row[name] for name in fields}
    halted = row["halted"]
    return Room(
        **values,
        policy_options=row["policy_options"] or {},
        context_tokens=row["context_tokens"],
        deleted_at=row["deleted_at"],
        members=tuple(members),
        origin=row["origin"],
        halted=Reason(halted["code"], halted["params"]) if halted else None,
    )


def to_message(row: Row) -> Message:
    """A row, or a stored event's body, as a message."""
    reason, usage, timings = row["reason"], row["usage"], row["timings"]
    return Message(
        id=row["id"],
        room=row["room_id"],
        seq=row["seq"],
        sender=row["sender"],
        kind=Kind(row["kind"]),
        content=row["content"],
        status=ReplyStatus(row["status"]),
        created_at=from_text(row["created_at"]),
        reply_to=row["reply_to"],
        model=row["model"],
        host=row["host"],
        reason=Reason(reason["code"], reason["params"]) if reason else None,
        usage=Usage(**usage) if usage else None,
        timings=Timings(**timings) if timings else None,
        attachments=tuple(row["attachments"] or ()),
        deleted=bool(row["deleted"]),
        reasoning=row.get("reasoning"),
        speech=row.get("speech"),
        turn=row.get("turn"),
        heard_seq=row.get("heard_seq"),
        # An event of an older version lacks these.
        to=tuple(row.get("to") or ()),
        pinned=bool(row.get("pinned")),
        edited_at=row.get("edited_at"),
        variant=row.get("variant") or 1,
        variants=row.get("variants") or 1,
        votes=Votes(**(row.get("votes") or {})),
        again=row.get("again"),
    )


def to_event(
    room_id: str, number: int, kind: Any, seq: int | None, body: Mapping[str, Any]
) -> StreamEvent:
    """A stored event as subscribers receive it."""
    if kind == "delta":
        return StreamEvent(
            kind, room_id, number, seq, offset=int(body["offset"]), text=str(body["text"])
        )
    if kind in ("message", "status", "edit"):
        return StreamEvent(
            kind, room_id, number, seq, message=to_message({"room_id": room_id, **body})
        )
    return StreamEvent(kind, room_id, number, seq, data=body)
