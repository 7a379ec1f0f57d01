"""A room as a file: written for people, for training, and so that it can come back the same.

`document` gives everything of a room as plain values; `take_in` makes a room of such a
document again. `markdown` and `sharegpt` are views of a document and cannot be taken in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from core.messages import Kind, Message, ReplyStatus, StreamEvent
from core.rooms import admin, book
from core.rooms.document import FORMAT, Line, MemberPart, checked_document
from core.rooms.model import Room
from core.rooms.policies.options import usable_options
from core.rooms.rules import name_key
from core.store import Store
from core.store import tables as t
from core.store.times import now, to_text

PAGE = 1_000
_LEFT_OPEN = {"code": "interrupted", "params": {}}


# --- out --------------------------------------------------------------------------------------


def document(store: Store, ref: str) -> dict[str, Any]:
    """The whole room: {"engawa_room": 1, "exported_at", "room": {…}, "messages": [{…}]}.

    Agents from outside are named by their messages only: they join by themselves. A reply that
    is being written is given as far as it got.

    Raises:
        RoomNotFound: there is no such room.
    """
    with store.read() as conn:
        room = book.load_room(conn, ref)
        messages = [_message(message) for message in _all(conn, room.id)]
    inside = [
        {"name": member.name, "model": member.model}
        for member in room.members
        if member.kind is Kind.AGENT
    ]
    kept = ("id", "name", "policy", "policy_options", "created_at")
    head = {name: getattr(room, name) for name in kept}
    return {
        "engawa_room": FORMAT,
        "exported_at": now(),
        "room": {**head, "members": inside},
        "messages": messages,
    }


def markdown(document: Mapping[str, Any]) -> str:
    """The conversation for people to read; unfinished replies say so."""
    parts = [f"# {document['room']['name']}"]
    for line in document["messages"]:
        if line["deleted"]:
            continue
        notes = [line["created_at"][:16].replace("T", " ")]
        notes += [line["model"]] if line["model"] else []
        notes += [line["status"]] if line["status"] != ReplyStatus.COMPLETE else []
        parts.append(f"**{line['sender']}** · {' · '.join(notes)}\n\n{line['content']}".rstrip())
    return "\n\n".join(parts) + "\n"


def sharegpt(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One conversation per agent, human and gpt in turns, as that agent saw the room.

    What others said is the human's part, each line with its speaker, as in the agent's prompt;
    only complete replies count.
    """
    said = [
        line
        for line in document["messages"]
        if line["content"] and not line["deleted"] and line["status"] == ReplyStatus.COMPLETE
    ]
    people = {line["sender"] for line in said if line["kind"] == Kind.HUMAN}
    speakers = dict.fromkeys(line["sender"] for line in said if line["sender"] not in people)
    room = document["room"]["id"]
    found = (
        {"id": f"{room}/{agent}", "agent": agent, "conversations": _seen_by(agent, said)}
        for agent in speakers
    )
    return [one for one in found if one["conversations"]]


def _seen_by(agent: str, said: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    turns: list[dict[str, str]] = []
    for line in said:
        own = line["sender"] == agent
        role = "gpt" if own else "human"
        text = line["content"] if own else f"{line['sender']}: {line['content']}"
        if turns and turns[-1]["from"] == role:
            turns[-1]["value"] += "\n" + text
        elif turns or not own:  # a conversation begins with somebody to answer
            turns.append({"from": role, "value": text})
    return turns if not turns or turns[-1]["from"] == "gpt" else turns[:-1]


def _all(conn: Connection, room_id: str) -> Iterator[Message]:
    after = 0
    while page := book.load_messages(conn, room_id, after=after, limit=PAGE):
        yield from page
        after = page[-1].seq


def _message(message: Message) -> dict[str, Any]:
    body = asdict(message)
    del body["room"]
    plain = {"attachments": list(body["attachments"]), "created_at": to_text(message.created_at)}
    return body | plain


# --- in ---------------------------------------------------------------------------------------


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
    }
    conn.execute(update(t.rooms).where(t.rooms.c.id == created.id).values(**values))
    _add(conn, t.members, [_member(room_id, *one) for one in enumerate(wanted.room.members)])
    keep_ids = _unused(conn, t.messages, [line.id for line in wanted.messages])
    rows = [_row(room_id, line, keep_ids) for line in wanted.messages]
    _add(conn, t.messages, rows)
    events = [_event(room_id, row) for row in rows]
    _add(conn, t.events, events)
    room = book.load_room(conn, room_id)
    return room, [
        book.to_event(room_id, one["event"], one["type"], one["seq"], one["body"]) for one in events
    ]


def _unused(conn: Connection, table: Table, ids: Sequence[str]) -> bool:
    for start in range(0, len(ids), PAGE):
        chosen = table.c.id.in_(ids[start : start + PAGE])
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
    }


def _row(room_id: str, line: Line, keep_id: bool) -> dict[str, Any]:
    row = line.model_dump(mode="json")
    if line.status is ReplyStatus.PENDING:  # nobody goes on writing it here
        row["status"] = str(ReplyStatus.PARTIAL if line.content else ReplyStatus.FAILED)
        row["reason"] = {"code": "interrupted", "params": {}}
    return row | {
        "id": line.id if keep_id else book.new_id("msg"),
        "room_id": room_id,
        "created_at": to_text(line.created_at),
    }


def _event(room_id: str, row: Mapping[str, Any]) -> dict[str, Any]:
    body = {name: value for name, value in row.items() if name != "room_id"}
    seq = row["seq"]
    return {"room_id": room_id, "event": seq, "type": "message", "seq": seq, "body": body}
