"""A room in which very much has been said, made in a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from core.rooms.model import Room
from core.rooms.service import Rooms
from core.rooms.transfer.document import FORMAT

MEMBERS = ("Mizuho", "Ren", "Aki")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def long_room(rooms: Rooms, name: str, lines: int) -> Room:
    """A room of `lines` finished messages: one of a person, then one of each member, and so on."""
    return rooms.take_in(long_document(name, lines))


def long_document(name: str, lines: int, members: Sequence[str] = MEMBERS) -> dict[str, Any]:
    """The same room as a document that can be imported."""
    head = {"id": f"room_{name}", "name": name, "policy": "in_order", "created_at": _moment(0)}
    return {
        "engawa_room": FORMAT,
        "exported_at": _moment(lines),
        "room": {**head, "members": [{"name": member} for member in members]},
        "messages": [_line(name, seq, members) for seq in range(1, lines + 1)],
    }


def _line(room: str, seq: int, members: Sequence[str]) -> dict[str, Any]:
    sender = ("You", *members)[(seq - 1) % (len(members) + 1)]
    return {
        "id": f"msg_{room}_{seq}",
        "seq": seq,
        "sender": sender,
        "kind": "human" if sender == "You" else "agent",
        "content": f"Line {seq}: the evening light falls on the old wooden boards.",
        "status": "complete",
        "created_at": _moment(seq),
        "model": None if sender == "You" else "starter",
    }


def _moment(minute: int) -> str:
    return (BEGAN + timedelta(minutes=minute)).isoformat()
