"""A room as a file: written for people, for training, and so that it can come back the same.

`document` gives everything of a room as plain values, and `taking_in` makes a room of it again.
`markdown` and `sharegpt` are views of a document and cannot be taken in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from core.messages import Kind, Message, ReplyStatus
from core.rooms import book
from core.rooms.model import Room
from core.rooms.people.attendance import Span
from core.rooms.people.hearing import Listener, ears_of
from core.rooms.rules import name_key
from core.store import Store, tables as t
from core.store.times import now, to_text

FORMAT = 1  # of the exported document
PAGE = 1_000


def document(store: Store, ref: str, ears: Sequence[str] = ()) -> dict[str, Any]:
    """The whole room: {"engawa_room": 1, "exported_at", "room": {…}, "messages": [{…}]}.

    Whispers are in it, with those they are for. Agents from outside are named by their messages
    and by when they were there: they join by themselves. A reply that is being written is given
    as far as it got. With `ears`, what these members have not heard is there without its words.

    Raises:
        RoomNotFound: there is no such room.
    """
    with store.read() as conn:
        row = book.find_room(conn, ref)
        room = book.load_room(conn, row["id"])
        kept, said = _Kept.of(conn, room.id), _all(conn, room.id)
        listener = ears_of(conn, room.id, ears) if ears else None
        told = (listener.told(message) if listener else message for message in said)
        messages = [_message(message, kept) for message in told]
        spans = _attendance(conn, room)
    inside = [
        {"name": member.name, "model": member.model, "muted": member.muted}
        for member in room.members
        if member.kind is Kind.AGENT
    ]
    shown = ("id", "name", "policy", "policy_options", "context_tokens", "created_at")
    head = {name: getattr(room, name) for name in shown}
    rest = {name: row[name] for name in ("origin", "limits", "spent", "halted")}
    return {
        "engawa_room": FORMAT,
        "exported_at": now(),
        "room": {**head, **rest, "members": inside, "attendance": spans},
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
        whisper = f" → {', '.join(line['to'])}" if line["to"] else ""
        parts.append(
            f"**{line['sender']}{whisper}** · {' · '.join(notes)}\n\n{line['content']}".rstrip()
        )
    return "\n\n".join(parts) + "\n"


def sharegpt(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One conversation per agent, human and gpt in turns, as that agent saw the room.

    What others said is the human's part, each line with its speaker, as in the agent's prompt;
    only complete replies count, and of what others said only what the agent has heard.
    """
    said = [
        line
        for line in document["messages"]
        if line["content"] and not line["deleted"] and line["status"] == ReplyStatus.COMPLETE
    ]
    people = {line["sender"] for line in said if line["kind"] == Kind.HUMAN}
    speakers = dict.fromkeys(line["sender"] for line in said if line["sender"] not in people)
    room = document["room"]["id"]
    spans: dict[str, list[Span]] = {}
    for one in document["room"]["attendance"]:
        spans.setdefault(name_key(one["name"]), []).append((one["since_seq"], one["until_seq"]))
    found = []
    for agent in speakers:
        listener = Listener({name_key(agent): spans.get(name_key(agent), [])})
        heard = [line for line in said if listener.hears(_Said(**_of(line)))]
        seen = _seen_by(agent, heard)
        found.append({"id": f"{room}/{agent}", "agent": agent, "conversations": seen})
    return [one for one in found if one["conversations"]]


@dataclass(frozen=True, slots=True)
class _Said:
    seq: int
    sender: str
    to: Sequence[str]


def _of(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in ("seq", "sender", "to")}


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


def _message(message: Message, kept: _Kept) -> dict[str, Any]:
    body = asdict(message)
    for name in ("room", "again", "hidden"):
        del body[name]
    plain: dict[str, Any] = {
        "attachments": list(body["attachments"]),
        "to": list(body["to"]),
        "created_at": to_text(message.created_at),
    }
    if message.hidden:
        plain |= {"variant": 1, "variants": 1}
    return body | plain | kept.beside(None if message.hidden else message.seq)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept beside the messages: other answers, earlier words, votes; by seq."""

    others: Mapping[int, list[dict[str, Any]]]
    edits: Mapping[int, list[dict[str, Any]]]
    votes: Mapping[int, list[dict[str, Any]]]

    @classmethod
    def of(cls, conn: Connection, room_id: str) -> _Kept:
        return cls(*(_by_seq(conn, table, room_id) for table in (t.variants, t.edits, t.votes)))

    def beside(self, seq: int | None) -> dict[str, Any]:
        """What is kept beside this message; nothing for `None`."""
        kept = {"others": self.others, "edits": self.edits, "votes": self.votes}
        return {name: rows.get(seq, []) if seq else [] for name, rows in kept.items()}


def _by_seq(conn: Connection, table: Table, room_id: str) -> dict[int, list[dict[str, Any]]]:
    columns = [one for one in table.columns if one.name not in ("room_id", "checksum")]
    query = select(*columns).where(table.c.room_id == room_id).order_by(*table.primary_key)
    found: dict[int, list[dict[str, Any]]] = {}
    for row in conn.execute(query).mappings():
        found.setdefault(row["seq"], []).append({k: v for k, v in row.items() if k != "seq"})
    return found


def _attendance(conn: Connection, room: Room) -> list[dict[str, Any]]:
    """When everybody was there; who is not in the document has left with its last line."""
    columns = ("name", "since_seq", "until_seq")
    query = (
        select(*(t.attendance.c[name] for name in columns))
        .where(t.attendance.c.room_id == room.id)
        .order_by(t.attendance.c.name_key, t.attendance.c.number)
    )
    inside = {name_key(name) for name in room.agents}
    return [
        {**row, "until_seq": row["until_seq"]}
        if row["until_seq"] is not None or name_key(row["name"]) in inside
        else {**row, "until_seq": room.last_seq}
        for row in conn.execute(query).mappings()
    ]
