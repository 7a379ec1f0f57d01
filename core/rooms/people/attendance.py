"""Who sat in a room from when to when, counted in its messages: read by `hearing`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, insert, select, update

from core.rooms.rules import name_key
from core.store import tables as t
from core.store.prepared import Prepared

_SPANS = Prepared(
    select(t.attendance.c.since_seq, t.attendance.c.until_seq).where(
        t.attendance.c.room_id == bindparam("room"), t.attendance.c.name_key == bindparam("who")
    )
)
Span = tuple[int, int | None]  # it heard seq > the first, and <= the second (None: all since)


def spans(conn: Connection, room_id: str, name: str) -> list[Span]:
    """When `name` was there; empty for somebody who never had a seat."""
    given = {"room": room_id, "who": name_key(name)}
    return [(row["since_seq"], row["until_seq"]) for row in _SPANS.rows(conn, given)]


def all_spans(conn: Connection, room_id: str) -> dict[str, list[Span]]:
    """When each was there who ever had a seat, by name key."""
    columns = t.attendance.c.name_key, t.attendance.c.since_seq, t.attendance.c.until_seq
    found: dict[str, list[Span]] = {}
    for row in conn.execute(select(*columns).where(t.attendance.c.room_id == room_id)):
        found.setdefault(row.name_key, []).append((row.since_seq, row.until_seq))
    return found


def former(conn: Connection, room_id: str) -> list[str]:
    """Who sat there and does no more, whoever left last first."""
    columns = t.attendance.c.name_key, t.attendance.c.name, t.attendance.c.until_seq
    query = select(*columns).where(t.attendance.c.room_id == room_id)
    rows = conn.execute(query.order_by(t.attendance.c.number)).all()
    inside = {row.name_key for row in rows if row.until_seq is None}
    left = {row.name_key: row for row in rows if row.name_key not in inside}
    return [row.name for row in sorted(left.values(), key=lambda row: -row.until_seq)]


def came(conn: Connection, room_id: str, names: Sequence[str]) -> None:
    """These sit there from the next message on; who has a seat already keeps it."""
    since = _last_seq(conn, room_id)
    for name in names:
        here = and_(_of(room_id, [name]), t.attendance.c.until_seq.is_(None))
        if conn.execute(select(t.attendance.c.number).where(here)).first() is not None:
            continue
        most = select(func.max(t.attendance.c.number)).where(_of(room_id, [name]))
        row = {
            "room_id": room_id,
            "name_key": name_key(name),
            "number": (conn.execute(most).scalar() or 0) + 1,
            "name": name,
            "since_seq": since,
        }
        conn.execute(insert(t.attendance), row)


def went(
    conn: Connection, room_id: str, names: Iterable[str], last_heard: int | None = None
) -> None:
    """These have left: the last message (or `last_heard`) was the last that they heard."""
    here = and_(_of(room_id, names), t.attendance.c.until_seq.is_(None))
    until = _last_seq(conn, room_id) if last_heard is None else last_heard
    conn.execute(update(t.attendance).where(here).values(until_seq=until))


def renamed(conn: Connection, room_id: str, old: str, new: str) -> None:
    """Somebody has another name now, and has heard what it heard."""
    if name_key(old) == name_key(new):
        return
    went(conn, room_id, [new])  # an earlier bearer of the name
    used = select(func.max(t.attendance.c.number)).where(_of(room_id, [new]))
    first = conn.execute(used).scalar() or 0
    values = {
        "name": new,
        "name_key": name_key(new),
        "number": t.attendance.c.number + first,
    }
    conn.execute(update(t.attendance).where(_of(room_id, [old])).values(**values))


def _of(room_id: str, names: Iterable[str]) -> ColumnElement[bool]:
    keys = [name_key(name) for name in names]
    return and_(t.attendance.c.room_id == room_id, t.attendance.c.name_key.in_(keys))


def _last_seq(conn: Connection, room_id: str) -> int:
    query = select(t.rooms.c.last_seq).where(t.rooms.c.id == room_id)
    return int(conn.execute(query).scalar_one())
