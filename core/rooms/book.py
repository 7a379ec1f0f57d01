"""What a room's rows mean: reads and writes on one connection, nothing kept in memory.

Every function takes a connection, so that callers decide what is one transaction. Those that
change a room return the event which subscribers must see, already stored.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from core.errors import MessageNotFound, RoomNotFound
from core.messages import Message, ReplyStatus, StreamEvent
from core.rooms.model import Member, Room
from core.rooms.rows import to_event, to_member, to_message, to_room
from core.rooms.rules import name_key
from core.store import tables as t
from core.store.prepared import Prepared, Row
from core.store.times import now


def new_id(prefix: str) -> str:
    """A fresh id such as `room_9f…`."""
    return f"{prefix}_{uuid.uuid4().hex}"


# Statements of the way that every message and every piece of a reply takes.
_ROOM_BY_ID = Prepared(select(t.rooms).where(t.rooms.c.id == bindparam("room")))
_NAMED = select(t.rooms).where(t.rooms.c.name_key == bindparam("key")).limit(1)
_ROOM_BY_NAME = Prepared(_NAMED.where(t.rooms.c.deleted_at.is_(None)))
_ANY_BY_NAME = Prepared(_NAMED.order_by(t.rooms.c.deleted_at.desc()))  # the newest
_CHANGED = (
    update(t.rooms).where(t.rooms.c.id == bindparam("room")).values(updated_at=bindparam("moment"))
)
_NEXT_EVENT = Prepared(
    _CHANGED.values(last_event=t.rooms.c.last_event + 1).returning(t.rooms.c.last_event)
)
_COUNT_MESSAGE = Prepared(
    _CHANGED.values(last_event=bindparam("number"), last_seq=bindparam("seq"))
)
_UNSET = (
    *("reply_to", "model", "host", "reason", "usage", "timings", "reasoning", "speech"),
    *("turn", "heard_seq", "to", "edited_at", "votes", "again", "owner", "idempotency_key"),
)
_SEATED = select(t.members).order_by(t.members.c.position, t.members.c.joined_at)
_MEMBERS = Prepared(_SEATED)
_MEMBERS_OF_ONE = Prepared(_SEATED.where(t.members.c.room_id == bindparam("room")))
_INSERT_EVENT = Prepared(insert(t.events), ("room_id", "event", "type", "seq", "body"))
_INSERT_MESSAGE = Prepared(
    insert(t.messages), [one.name for one in t.messages.columns if one.name != "checksum"]
)
_THIS = t.messages.c.room_id == bindparam("room"), t.messages.c.seq == bindparam("number")
_MESSAGE = Prepared(select(t.messages).where(*_THIS))
_CONTENT = Prepared(select(t.messages.c.content).where(*_THIS))
_APPEND = Prepared(
    update(t.messages).where(*_THIS).values(content=t.messages.c.content.concat(bindparam("more")))
)


# --- rooms ------------------------------------------------------------------------------------


def find_room(conn: Connection, ref: str, *, deleted: bool = False) -> Row:
    """The row of a room by id or name.

    Raises:
        RoomNotFound: there is none (or only a deleted one, unless `deleted`).
    """
    found: Row | None = _ROOM_BY_ID.first(conn, {"room": ref})
    if found is not None and found["deleted_at"] is not None and not deleted:
        found = None
    if found is None:
        by_name = _ANY_BY_NAME if deleted else _ROOM_BY_NAME
        found = by_name.first(conn, {"key": name_key(ref)})
    if found is None:
        raise RoomNotFound(room=ref[:80])
    return found


def room_row(conn: Connection, room_id: str) -> Row:
    """The row of a room that is there, deleted or not.

    Raises:
        NoResultFound: it is gone for good.
    """
    return _ROOM_BY_ID.one(conn, {"room": room_id})


def members_of(conn: Connection, room_ids: Sequence[str]) -> dict[str, list[Member]]:
    """The members of several rooms with one query, each in the room's order."""
    found: dict[str, list[Member]] = {room_id: [] for room_id in room_ids}
    one = {"room": room_ids[0]} if len(room_ids) == 1 else None
    rows = _MEMBERS.rows(conn, {}) if one is None else _MEMBERS_OF_ONE.rows(conn, one)
    for row in rows:
        if row["room_id"] in found:
            found[row["room_id"]].append(to_member(row))
    return found


def load_room(conn: Connection, ref: str, *, deleted: bool = False) -> Room:
    """A room with its members.

    Raises:
        RoomNotFound: see `find_room`.
    """
    row = find_room(conn, ref, deleted=deleted)
    return to_room(row, members_of(conn, [row["id"]])[row["id"]])


# --- messages ---------------------------------------------------------------------------------


def load_message(conn: Connection, room_id: str, seq: int) -> Message:
    """
    Raises:
        MessageNotFound: the room has no such message.
    """
    row = _MESSAGE.first(conn, {"room": room_id, "number": seq})
    if row is None:
        raise MessageNotFound(room=room_id, seq=seq)
    return to_message(row)


def content_of(conn: Connection, room_id: str, seq: int) -> str:
    """What is stored of a message's words."""
    return str(_CONTENT.one(conn, {"room": room_id, "number": seq})["content"])


def load_messages(
    conn: Connection,
    room_id: str,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Message]:
    """Oldest first. Without `after` the last `limit` (before `before`, if given)."""
    query = select(t.messages).where(t.messages.c.room_id == room_id)
    if before is not None:
        query = query.where(t.messages.c.seq < before)
    if after is not None:
        query = query.where(t.messages.c.seq > after).order_by(t.messages.c.seq).limit(limit)
        return [to_message(row) for row in conn.execute(query).mappings()]
    query = query.order_by(t.messages.c.seq.desc()).limit(limit)
    return [to_message(row) for row in conn.execute(query).mappings()][::-1]


def load_pinned(conn: Connection, room_id: str) -> list[Message]:
    """The pinned messages, oldest first."""
    here = t.messages.c.room_id == room_id, t.messages.c.pinned.is_(True)
    query = select(t.messages).where(*here).order_by(t.messages.c.seq)
    return [to_message(row) for row in conn.execute(query).mappings()]


def unfinished(conn: Connection, room_id: str, up_to: int) -> list[Message]:
    """The messages with seq ≤ `up_to` that somebody still writes."""
    query = select(t.messages).where(
        t.messages.c.room_id == room_id,
        t.messages.c.status == ReplyStatus.PENDING,
        t.messages.c.seq <= up_to,
    )
    return [to_message(row) for row in conn.execute(query.order_by(t.messages.c.seq)).mappings()]


def add_message(conn: Connection, room: Row, values: dict[str, Any]) -> StreamEvent:
    """Store a message with the room's next `seq`, and its event."""
    seq = room["last_seq"] + 1
    row = {
        "id": new_id("msg"),
        "room_id": room["id"],
        "seq": seq,
        "created_at": now(),
        "attachments": [],
        "deleted": False,
        "pinned": False,
        "variant": 1,
        "variants": 1,
        **dict.fromkeys(_UNSET),
        **values,
    }
    _INSERT_MESSAGE.run(conn, row)
    number = room["last_event"] + 1
    counted = {"room": room["id"], "number": number, "moment": row["created_at"], "seq": seq}
    _COUNT_MESSAGE.run(conn, counted)
    return _keep_event(conn, room["id"], number, "message", seq, _body_of(row))


def append(conn: Connection, room_id: str, seq: int, offset: int, text: str) -> StreamEvent:
    """Store a further piece of a message, which so far has `offset` code points."""
    _APPEND.run(conn, {"room": room_id, "number": seq, "more": text})
    return add_event(conn, room_id, "delta", seq, body={"offset": offset, "text": text})


def change_message(
    conn: Connection, room_id: str, seq: int, kind: str, values: dict[str, Any]
) -> StreamEvent:
    """Change a message's row and store a `status` or `edit` event with its new state."""
    given = {"room": room_id, "number": seq, **{f"new_{key}": new for key, new in values.items()}}
    row = _changing(tuple(values)).one(conn, given)
    return add_event(conn, room_id, kind, seq, message=row)


@cache
def _changing(columns: tuple[str, ...]) -> Prepared:
    new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    return Prepared(update(t.messages).where(*_THIS).values(new).returning(t.messages))


# --- events -----------------------------------------------------------------------------------

_MESSAGE_FIELDS = [
    column.name
    for column in t.messages.columns
    if column.name not in ("room_id", "owner", "idempotency_key", "checksum")
]


def add_event(
    conn: Connection,
    room_id: str,
    kind: str,
    seq: int | None,
    *,
    message: Row | None = None,
    body: Mapping[str, Any] | None = None,
) -> StreamEvent:
    """Store the room's next event and count it, in the caller's transaction."""
    counted = _NEXT_EVENT.one(conn, {"room": room_id, "moment": now()})
    stored = dict(body or {}) if message is None else _body_of(message)
    return _keep_event(conn, room_id, counted["last_event"], kind, seq, stored)


def _body_of(message: Row) -> dict[str, Any]:
    return {name: message[name] for name in _MESSAGE_FIELDS}


def _keep_event(
    conn: Connection, room_id: str, number: int, kind: str, seq: int | None, body: dict[str, Any]
) -> StreamEvent:
    row = {"room_id": room_id, "event": number, "type": kind, "seq": seq, "body": body}
    _INSERT_EVENT.run(conn, row)
    return to_event(room_id, number, kind, seq, body)


def load_events(conn: Connection, room_id: str, after: int) -> list[StreamEvent]:
    """The stored events after number `after`, oldest first."""
    query = (
        select(t.events)
        .where(t.events.c.room_id == room_id, t.events.c.event > after)
        .order_by(t.events.c.event)
    )
    return [
        to_event(room_id, row["event"], row["type"], row["seq"], row["body"])
        for row in conn.execute(query).mappings()
    ]
