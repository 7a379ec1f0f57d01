"""Rooms come, change, go and come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete as sql_delete, insert, select, update

from core.errors import AgentNotFound, NameTaken
from core.messages import Kind, StreamEvent
from core.providers.cache import forget_answers
from core.rooms import book
from core.rooms.model import Room, RoomSummary
from core.rooms.people import attendance
from core.rooms.policies import IN_ORDER
from core.rooms.policies.options import checked_options, checked_policy
from core.rooms.rows import to_message, to_room
from core.rooms.rules import checked_name, name_key
from core.store import tables as t
from core.store.times import now, to_text


def create(conn: Connection, name: str, members: Sequence[str], policy: str = IN_ORDER) -> Room:
    """
    Raises:
        NameTaken, InvalidInput: the name is not acceptable, or there is no such policy.
    """
    checked = _free_name(conn, name)
    moment = now()
    room_id = book.new_id("room")
    row = {
        "id": room_id,
        "name": checked,
        "name_key": name_key(checked),
        "policy": checked_policy(policy),
        "created_at": moment,
        "updated_at": moment,
        "last_seq": 0,
        "last_event": 0,
        "planned_seq": 0,
    }
    conn.execute(insert(t.rooms), row)
    _seat(conn, room_id, members)
    return book.load_room(conn, room_id)


def update_room(
    conn: Connection, ref: str, name: str | None, members: Sequence[str] | None
) -> tuple[Room, StreamEvent]:
    """
    Raises:
        RoomNotFound, NameTaken, InvalidInput.
    """
    room_id = book.find_room(conn, ref)["id"]
    if name is not None:
        checked = _free_name(conn, name, but=room_id)
        values = {"name": checked, "name_key": name_key(checked)}
        conn.execute(update(t.rooms).where(t.rooms.c.id == room_id).values(**values))
    if members is not None:
        _reseat(conn, room_id, members)
    return announced(conn, room_id)


def set_policy(
    conn: Connection, ref: str, policy: str | None, options: Mapping[str, Any] | None
) -> tuple[Room, StreamEvent]:
    """Take turns in another way from the next choice on; what is planned already stays.

    Another policy begins with its own defaults.

    Raises:
        RoomNotFound.
        InvalidInput: there is no such policy, or it does not take these options.
    """
    room = book.find_room(conn, ref)
    wanted = checked_policy(policy or room["policy"])
    kept = (room["policy_options"] or {}) if wanted == room["policy"] else {}
    chosen = {**kept, **checked_options(wanted, options or {})}
    values = {"policy": wanted, "policy_options": chosen}
    conn.execute(update(t.rooms).where(t.rooms.c.id == room["id"]).values(**values))
    return announced(conn, room["id"])


def set_context(conn: Connection, ref: str, tokens: int | None) -> tuple[Room, StreamEvent]:
    """
    Raises:
        RoomNotFound.
    """
    room_id = book.find_room(conn, ref)["id"]
    conn.execute(update(t.rooms).where(t.rooms.c.id == room_id).values(context_tokens=tokens))
    return announced(conn, room_id)


def set_model(
    conn: Connection, ref: str, member: str, model: str | None
) -> tuple[Room, StreamEvent]:
    """
    Raises:
        RoomNotFound.
        AgentNotFound: it does not sit in this room.
    """
    return _set_member(conn, ref, member, model=model)


def mute(conn: Connection, ref: str, member: str, *, muted: bool) -> tuple[Room, StreamEvent]:
    """
    Raises:
        RoomNotFound.
        AgentNotFound: it does not sit in this room.
    """
    return _set_member(conn, ref, member, muted=muted)


def rename_member(conn: Connection, ref: str, old: str, new: str) -> tuple[Room, StreamEvent]:
    """The member `old` is called `new` from now on, and has heard what it heard.

    Raises:
        RoomNotFound.
        AgentNotFound: it does not sit in this room.
        NameTaken: somebody there has that name.
    """
    room_id = book.find_room(conn, ref)["id"]
    taken = and_(t.members.c.room_id == room_id, t.members.c.name_key == name_key(new))
    if name_key(new) != name_key(old) and conn.execute(select(t.members).where(taken)).first():
        raise NameTaken(name=new)
    attendance.renamed(conn, room_id, old, new)
    return _set_member(conn, room_id, old, name=new, name_key=name_key(new))


def _set_member(conn: Connection, ref: str, member: str, **values: Any) -> tuple[Room, StreamEvent]:
    room_id = book.find_room(conn, ref)["id"]
    where = and_(t.members.c.room_id == room_id, t.members.c.name_key == name_key(member))
    if conn.execute(update(t.members).where(where).values(**values)).rowcount == 0:
        raise AgentNotFound(agent=member)
    return announced(conn, room_id)


def delete(conn: Connection, ref: str) -> tuple[Room, StreamEvent]:
    """
    Raises:
        RoomNotFound.
    """
    room_id = book.find_room(conn, ref)["id"]
    conn.execute(update(t.rooms).where(t.rooms.c.id == room_id).values(deleted_at=now()))
    _forget_answers(conn, t.messages.c.room_id == room_id)
    return announced(conn, room_id)


def restore(conn: Connection, ref: str) -> tuple[Room, StreamEvent]:
    """
    Raises:
        RoomNotFound: it never was, or its 30 days are over.
        NameTaken: another room has its name now.
    """
    row = book.find_room(conn, ref, deleted=True)
    if row["deleted_at"] is not None:
        _free_name(conn, row["name"], but=row["id"])
        conn.execute(update(t.rooms).where(t.rooms.c.id == row["id"]).values(deleted_at=None))
    return announced(conn, row["id"])


def tidy(conn: Connection, deleted_days: int) -> int:
    """Remove rooms for good that were deleted more than `deleted_days` ago; how many."""
    old = t.rooms.c.deleted_at < to_text(datetime.now(UTC) - timedelta(days=deleted_days))
    # Also what was still being said when the room was deleted.
    _forget_answers(conn, t.messages.c.room_id.in_(select(t.rooms.c.id).where(old)))
    return conn.execute(sql_delete(t.rooms).where(old)).rowcount


def _forget_answers(conn: Connection, where: ColumnElement[bool]) -> None:
    """The answer cache must not go on saying what was said in these rooms."""
    forget_answers(conn, select(t.messages.c.content).where(where))


def forget_events(conn: Connection, room_id: str, up_to: int) -> None:
    """Drop events that no subscriber can still ask for."""
    old = and_(t.events.c.room_id == room_id, t.events.c.event <= up_to)
    conn.execute(sql_delete(t.events).where(old))


def any_room(conn: Connection) -> bool:
    """Whether this data folder ever had a room, deleted ones included."""
    return conn.execute(select(t.rooms.c.id).limit(1)).first() is not None


def summaries(conn: Connection, speaking: set[str], *, deleted: bool) -> list[RoomSummary]:
    """All rooms (or all deleted ones), the most recently used first."""
    last = and_(t.messages.c.room_id == t.rooms.c.id, t.messages.c.seq == t.rooms.c.last_seq)
    columns = [column.label(f"m_{column.name}") for column in t.messages.columns]
    away = t.rooms.c.deleted_at.is_not(None) if deleted else t.rooms.c.deleted_at.is_(None)
    query = (
        select(t.rooms, *columns)
        .outerjoin(t.messages, last)
        .where(away)
        .order_by(t.rooms.c.updated_at.desc())
    )
    rows = conn.execute(query).mappings().all()
    seated = book.members_of(conn, [row["id"] for row in rows])
    return [
        RoomSummary(
            room=to_room(row, seated[row["id"]]),
            last_line=_last_line(row),
            speaking=row["id"] in speaking,
        )
        for row in rows
    ]


def _last_line(row: Any) -> Any:
    if row["m_id"] is None:
        return None
    return to_message({name[2:]: row[name] for name in row if name.startswith("m_")})


def announced(conn: Connection, room_id: str) -> tuple[Room, StreamEvent]:
    """The room as it is now, and a stored `presence` event that says so."""
    row = book.find_room(conn, room_id, deleted=True)
    room = to_room(row, book.members_of(conn, [room_id])[room_id])
    body = {
        "name": room.name,
        "members": [member.name for member in room.members],
        "policy": room.policy,
        "muted": [member.name for member in room.members if member.muted],
        "away": [member.name for member in room.members if member.away],
        "halted": asdict(room.halted) if room.halted else None,
        "deleted": room.deleted_at is not None,
    }
    return room, book.add_event(conn, room_id, "presence", None, body=body)


def _free_name(conn: Connection, name: str, but: str | None = None) -> str:
    checked = checked_name(name)
    query = select(t.rooms.c.id).where(
        t.rooms.c.name_key == name_key(checked),
        t.rooms.c.deleted_at.is_(None),
        t.rooms.c.id != (but or ""),
    )
    if conn.execute(query).first() is not None:
        raise NameTaken(name=checked)
    return checked


def _seat(conn: Connection, room_id: str, members: Sequence[str]) -> None:
    rows = [
        {
            "room_id": room_id,
            "name": name,
            "name_key": name_key(name),
            "kind": str(Kind.AGENT),
            "position": position,
            "joined_at": now(),
            "capabilities": [],
        }
        for position, name in enumerate(dict.fromkeys(members))
    ]
    if rows:
        conn.execute(insert(t.members), rows)
        attendance.came(conn, room_id, list(dict.fromkeys(members)))


def _reseat(conn: Connection, room_id: str, members: Sequence[str]) -> None:
    """Who stays keeps its seat; who goes has heard what it heard."""
    inside = and_(t.members.c.room_id == room_id, t.members.c.kind == str(Kind.AGENT))
    columns = ("name_key", "name", "model", "joined_at", "muted")
    query = select(*(t.members.c[name] for name in columns)).where(inside)
    kept: dict[str, dict[str, Any]] = {
        row["name_key"]: dict(row) for row in conn.execute(query).mappings()
    }
    staying = [name_key(name) for name in members]
    attendance.went(conn, room_id, [key for key in kept if key not in staying])
    conn.execute(sql_delete(t.members).where(inside))
    _seat(conn, room_id, members)
    for key in kept.keys() & set(staying):
        where = and_(t.members.c.room_id == room_id, t.members.c.name_key == key)
        values = {name: kept[key][name] for name in ("model", "joined_at", "muted")}
        conn.execute(update(t.members).where(where).values(**values))
