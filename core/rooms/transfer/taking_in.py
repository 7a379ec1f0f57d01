"""A room made of a document again: the same name, members and messages, numbered as they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from core.messages import Kind, ReplyStatus, StreamEvent
from core.rooms import admin, book
from core.rooms.model import Room
from core.rooms.policies.options import usable_options
from core.rooms.rows import to_event
from core.rooms.rules import name_key
from core.rooms.transfer.document import Line, MemberPart, RoomPart, SpanPart, checked_document
from core.store import tables as t
from core.store.times import now, to_text

_PAGE = 1_000
_AS_THEY_ARE = {"context_tokens", "origin", "limits", "spent", "halted"}


def take_in(
    conn: Connection, content: Mapping[str, Any], name: str | None = None
) -> tuple[Room, list[StreamEvent]]:
    """Make a room of a document: the same name, members and messages, numbered as they were.

    Ids stay, too, unless this data folder has used them. No round starts: what was said there
    was answered there. `name` replaces the document's own. The events tell subscribers of each
    message; publish them after the commit.

    Raises:
        InvalidInput: the content is no such document; the field is named.
        NameTaken: a room of that name is there.
    """
    wanted = checked_document(content)
    created = admin.create(conn, name or wanted.room.name, [])
    room_id = wanted.room.id if _unused(conn, t.rooms, [wanted.room.id]) else created.id
    count = len(wanted.messages)
    values = {
        "id": room_id,
        "policy": wanted.room.policy,
        "policy_options": usable_options(wanted.room.policy, wanted.room.policy_options),
        "created_at": to_text(wanted.room.created_at),
        "last_seq": count,
        "last_event": count,
        "planned_seq": count,
        **wanted.room.model_dump(mode="json", include=_AS_THEY_ARE),
    }
    conn.execute(update(t.rooms).where(t.rooms.c.id == created.id).values(**values))
    _add(conn, t.members, [_member(room_id, *one) for one in enumerate(wanted.room.members)])
    keep_ids = _unused(conn, t.messages, [line.id for line in wanted.messages])
    rows = [_row(room_id, line, keep_ids) for line in wanted.messages]
    _add(conn, t.messages, rows)
    for table, part in ((t.variants, "others"), (t.edits, "edits"), (t.votes, "votes")):
        beside = [
            {"room_id": room_id, "seq": line.seq, **one.model_dump(mode="json")}
            for line in wanted.messages
            for one in getattr(line, part)
        ]
        _add(conn, table, beside)
    _add(conn, t.attendance, _attendance(room_id, wanted.room))
    events = [_event(room_id, row) for row in rows]
    _add(conn, t.events, events)
    room = book.load_room(conn, room_id)
    return room, [
        to_event(room_id, one["event"], one["type"], one["seq"], one["body"]) for one in events
    ]


def _unused(conn: Connection, table: Table, ids: Sequence[str]) -> bool:
    for start in range(0, len(ids), _PAGE):
        chosen = table.c.id.in_(ids[start : start + _PAGE])
        if conn.execute(select(table.c.id).where(chosen).limit(1)).first():
            return False
    return len(set(ids)) == len(ids)


def _add(conn: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        conn.execute(insert(table), rows)


def _member(room_id: str, position: int, member: MemberPart) -> dict[str, Any]:
    return {
        "room_id": room_id,
        "name": member.name,
        "name_key": name_key(member.name),
        "kind": str(Kind.AGENT),
        "model": member.model,
        "position": position,
        "joined_at": now(),
        "capabilities": [],
        "muted": member.muted,
    }


def _attendance(room_id: str, room: RoomPart) -> list[dict[str, Any]]:
    """As the document says; of an older one, its members have been there all the time."""
    spans = room.attendance
    if spans is None:
        spans = [SpanPart(name=member.name, since_seq=0) for member in room.members]
    numbers: Counter[str] = Counter()
    rows = []
    for one in spans:
        key = name_key(one.name)
        numbers[key] += 1
        place = {"room_id": room_id, "name_key": key, "number": numbers[key]}
        rows.append({**place, **one.model_dump()})
    return rows


def _row(room_id: str, line: Line, keep_id: bool) -> dict[str, Any]:
    row = line.model_dump(mode="json", exclude={"others", "edits", "votes"})
    row |= {"to": row["to"] or None, "votes": _tally(line), "again": None}
    if line.status is ReplyStatus.PENDING:  # nobody goes on writing it here
        row["status"] = str(ReplyStatus.PARTIAL if line.content else ReplyStatus.FAILED)
        row["reason"] = {"code": "interrupted", "params": {}}
    return row | {
        "id": line.id if keep_id else book.new_id("msg"),
        "room_id": room_id,
        "created_at": to_text(line.created_at),
    }


def _tally(line: Line) -> dict[str, int] | None:
    values = [vote.value for vote in line.votes if vote.variant == line.variant]
    return {"up": values.count(1), "down": values.count(-1)} if values else None


def _event(room_id: str, row: Mapping[str, Any]) -> dict[str, Any]:
    body = {name: value for name, value in row.items() if name != "room_id"}
    seq = row["seq"]
    return {"room_id": room_id, "event": seq, "type": "message", "seq": seq, "body": body}
