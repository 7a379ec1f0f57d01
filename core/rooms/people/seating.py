"""Outside agents in SQL: they take seats in rooms, are away, come back, and rise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from core.errors import NameTaken
from core.messages import Kind, StreamEvent
from core.rooms import admin, book
from core.rooms.model import Room
from core.rooms.people import attendance
from core.rooms.rules import name_key
from core.store import tables as t
from core.store.times import now

AFTER_AGENTS = 1_000  # outside agents sit behind the room's own


@dataclass(frozen=True, slots=True)
class Wanted:
    """A seat that somebody asks for."""

    name: str
    capabilities: tuple[str, ...]


def sit(
    conn: Connection, ref: str, wanted: Sequence[Wanted], own: frozenset[tuple[str, str]]
) -> tuple[Room, StreamEvent]:
    """Give outside agents seats; `own` are (room, name key) of those that are theirs already.

    Raises:
        RoomNotFound.
        NameTaken: somebody else sits there under that name.
    """
    room = book.load_room(conn, ref)
    taken = {name_key(member.name) for member in room.members}
    for position, one in enumerate(wanted):
        key = name_key(one.name)
        told = {"capabilities": list(one.capabilities), "away": False}
        if key in taken and (room.id, key) in own:
            conn.execute(update(t.members).where(_at(room.id, [key])).values(**told))
            continue
        if key in taken:
            raise NameTaken(name=one.name)
        taken.add(key)
        row = {
            "room_id": room.id,
            "name": one.name,
            "name_key": key,
            "kind": str(Kind.EXTERNAL),
            "position": AFTER_AGENTS + position,
            "joined_at": now(),
            **told,
        }
        conn.execute(insert(t.members), row)
        attendance.came(conn, room.id, [one.name])
    return admin.announced(conn, room.id)


def mark_away(conn: Connection, room_id: str, keys: Sequence[str], *, away: bool) -> StreamEvent:
    """These outside agents are not heard of any more, or are again."""
    conn.execute(update(t.members).where(_at(room_id, keys)).values(away=away))
    return admin.announced(conn, room_id)[1]


def rise(
    conn: Connection, room_id: str, keys: Sequence[str], last_heard: int | None = None
) -> StreamEvent:
    """These outside agents leave. `last_heard`: the last message they can have heard."""
    attendance.went(conn, room_id, keys, last_heard)
    conn.execute(delete(t.members).where(_at(room_id, keys)))
    return admin.announced(conn, room_id)[1]


def leave_behind(conn: Connection) -> list[tuple[str, str, int]]:
    """The outside agents that sat in rooms when the app ended: (room, name, its last seq)."""
    query = (
        select(t.members.c.room_id, t.members.c.name, t.rooms.c.last_seq)
        .join(t.rooms, t.rooms.c.id == t.members.c.room_id)
        .where(t.members.c.kind == str(Kind.EXTERNAL))
    )
    return [(row.room_id, row.name, row.last_seq) for row in conn.execute(query)]


def last_seq(conn: Connection, room_id: str) -> int:
    """The number of a room's last message."""
    query = select(t.rooms.c.last_seq).where(t.rooms.c.id == room_id)
    return int(conn.execute(query).scalar_one())


def _at(room_id: str, keys: Sequence[str]) -> ColumnElement[bool]:
    return and_(
        t.members.c.room_id == room_id,
        t.members.c.kind == str(Kind.EXTERNAL),
        t.members.c.name_key.in_(list(keys)),
    )
