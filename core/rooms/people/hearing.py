"""Who may hear what. Everything that an agent is told of a room goes through here.

An agent hears what was said while it sat in the room. A whisper is heard by who says it and by
those it is for, and its answer is a whisper, too. People hear all that is not whispered. Agents
of other programs hear as agents of this app do (`ears`). The owner of this machine reads
everything: it is their database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from sqlalchemy import Connection, bindparam, select

from core.messages import Kind, Line, Message, ReplyStatus
from core.rooms.people import attendance
from core.rooms.people.attendance import Span
from core.rooms.rules import name_key
from core.rooms.seen import Seen
from core.rooms.turns.round_book import NO_END
from core.store import tables as t
from core.store.prepared import Prepared, Row

# What a turn reads at most in the transaction that it begins in: others wait for that one.
SOON_ROWS, SOON_CHARS, BATCH = 400, 200_000, 50
_NOT_YET: Span = (NO_END, None)
_FINISHED = Prepared(
    select(t.messages.c.seq, t.messages.c.sender, t.messages.c.content, t.messages.c.to)
    .where(
        t.messages.c.room_id == bindparam("room"),
        t.messages.c.status != ReplyStatus.PENDING,
        t.messages.c.content != "",
        t.messages.c.seq < bindparam("end"),
    )
    .order_by(t.messages.c.seq.desc())
)


class Said(Protocol):
    """A message as far as its hearers go."""

    @property
    def seq(self) -> int: ...
    @property
    def sender(self) -> str: ...
    @property
    def to(self) -> Sequence[str] | None: ...


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody, or several who share a pair of ears: when each was there, by name key.

    No spans: it never had a seat (a person), so it was there all the time.
    """

    there: Mapping[str, Sequence[Span]]

    @classmethod
    def named(cls, conn: Connection, room_id: str, names: Iterable[str]) -> Listener:
        spans = {name_key(one): attendance.spans(conn, room_id, one) for one in names}
        return cls(spans)

    def hears(self, said: Said) -> bool:
        return self.hears_line(said.seq, said.sender, said.to)

    def hears_line(self, seq: int, said_by: str, to: Sequence[str] | None) -> bool:
        sender = name_key(said_by)
        for key, spans in self.there.items():
            if sender == key:
                return True
            meant = not to or key in map(name_key, to)
            if meant and _there(spans, seq):
                return True
        return False

    def told(self, message: Message) -> Message:
        """The message; without its words when they are not for these ears."""
        return message if self.hears(message) else hidden(message)


def hidden(message: Message) -> Message:
    """That something was said, and nothing of what."""
    return replace(
        message, content="", reasoning=None, speech=None, attachments=(), reason=None, hidden=True
    )


def ears_of(conn: Connection, room_id: str, names: Iterable[str]) -> Listener:
    """The ears of members and people of a room who listen from outside.

    A name that never had a seat nor spoke here is somebody who is still to come: it has heard
    nothing yet.
    """
    listener = Listener.named(conn, room_id, names)
    people = select(t.messages.c.sender).distinct()
    spoke = people.where(t.messages.c.room_id == room_id, t.messages.c.kind == str(Kind.HUMAN))
    known = {name_key(name) for name in conn.execute(spoke).scalars()}
    there = {
        key: spans if spans or key in known else [_NOT_YET] for key, spans in listener.there.items()
    }
    return Listener(there)


def transcript(
    conn: Connection, room_id: str, name: str | None, limit: int, *, before: int | None = None
) -> list[Line]:
    """The last `limit` finished messages with words that `name` has heard, oldest first.

    `None` is for whoever belongs to nobody's ears (a judge, a summary for all): no whispers.
    With `before` only what was said before that number.
    """
    listener = None if name is None else Listener.named(conn, room_id, [name])
    heard = (
        row
        for row in _finished(conn, room_id, before, limit)
        if (
            listener.hears_line(row["seq"], row["sender"], row["to"]) if listener else not row["to"]
        )
    )
    return [_line(row) for row in islice(heard, limit)][::-1]


def heard_soon(conn: Connection, room_id: str, name: str, limit: int) -> list[Line] | None:
    """What `transcript` gives, when little must be read for it; `None`: it would take a while."""
    listener = Listener.named(conn, room_id, [name])
    lines: list[Line] = []
    chars = 0
    for number, row in enumerate(_finished(conn, room_id, None, BATCH)):
        chars += len(row["content"])
        if number >= SOON_ROWS or chars > SOON_CHARS:
            return None
        if listener.hears_line(row["seq"], row["sender"], row["to"]):
            lines.append(_line(row))
        if len(lines) == limit:
            break
    return lines[::-1]


def heard_by_each(
    conn: Connection, room_id: str, names: Iterable[str], lines: Sequence[Line]
) -> dict[str, tuple[Line, ...]]:
    """Of `lines`, none of them whispered, those that each of these was there for."""
    spans = attendance.all_spans(conn, room_id)
    return {
        name: tuple(line for line in lines if _there(spans.get(name_key(name), ()), line.seq))
        for name in names
    }


def together(said: Sequence[Row]) -> Sequence[Row]:
    """The first of these messages (rows with `sender` and `to`) that one round can answer.

    Whispers are answered apart from what everybody heard, those of each speaker apart.
    """
    if not said:
        return said
    first = _audience(said[0])
    for position, one in enumerate(said):
        if _audience(one) != first:
            return said[:position]
    return said


def hearers(seen: Seen, seq: int) -> list[str] | None:
    """The members for whom this message is and who can be asked; `None`: for everybody."""
    line = seen.line(seq)
    if line is None or not line["to"]:
        return None
    keys = {name_key(name) for name in line["to"]}
    return [one.name for one in seen.members if one.there and name_key(one.name) in keys]


def answer_to(seen: Seen, seq: int, agent: str) -> list[str] | None:
    """For whom an answer of `agent` to this message is; `None`: for everybody."""
    line = seen.line(seq)
    if line is None or not line["to"] or name_key(agent) not in map(name_key, line["to"]):
        return None
    others = dict.fromkeys([line["sender"], *line["to"]])
    return [name for name in others if name_key(name) != name_key(agent)]


def _line(row: Row) -> Line:
    return Line(row["seq"], row["sender"], row["content"], bool(row["to"]))


def _there(spans: Sequence[Span], seq: int) -> bool:
    """Whether somebody with these spans was there; without any, it was there all the time."""
    for since, until in spans:
        if since < seq and (until is None or seq <= until):
            return True
    return not spans


def _audience(said: Row) -> tuple[str, ...] | None:
    return (name_key(said["sender"]), *sorted(map(name_key, said["to"]))) if said["to"] else None


def _finished(conn: Connection, room_id: str, before: int | None, most: int) -> Iterator[Row]:
    """What has been said, the newest first: rows of `seq`, `sender`, `content` and `to`.

    They are fetched by `most`, of which more than one batch is rarely needed.
    """
    given = {"room": room_id, "end": NO_END if before is None else before}
    for batch in _FINISHED.batches(conn, given, most):
        yield from batch
