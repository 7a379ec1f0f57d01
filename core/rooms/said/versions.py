"""Lines that change: their words, their answers, what people think of them. On one connection.

A line shows one of its answers; the others are parked in `variants`. Every function that changes
a line stores its `edit` (or `status`) event in the same transaction and gives it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select

from core.errors import Conflict, InvalidInput, MessageNotFound
from core.messages import Kind, Message, ReplyStatus, StreamEvent
from core.rooms import book
from core.rooms.rules import checked_content
from core.store import tables as t
from core.store.times import now
from core.text import N_, words

REGENERATE, CONTINUE = "regenerate", "continue"
_ANSWER = (
    *("content", "status", "model", "host", "reason", "usage", "timings"),
    *("reasoning", "speech", "edited_at"),
)


def edit(
    conn: Connection, room_id: str, seq: int, content: str, editor: str, limit: int
) -> StreamEvent | None:
    """Give a line other words; what it said before is kept. `None`: it says that already.

    Raises:
        MessageNotFound, MessageEmpty, MessageTooLong, InvalidInput.
        Conflict: it is being written, or deleted.
    """
    message = finished(conn, room_id, seq)
    text = checked_content(content, limit)
    if text == message.content:
        return None
    row = {
        "room_id": room_id,
        "seq": seq,
        "number": _next(conn, t.edits, room_id, seq),
        "variant": message.variant,
        "content": message.content,
        "editor": editor,
        "at": now(),
    }
    conn.execute(insert(t.edits), row)
    values = {"content": text, "edited_at": row["at"]}
    return book.change_message(conn, room_id, seq, "edit", values)


def pin(conn: Connection, room_id: str, seq: int, *, pinned: bool) -> StreamEvent | None:
    """Keep a line at hand, or let it go. `None`: it is so already."""
    if finished(conn, room_id, seq).pinned == pinned:
        return None
    return book.change_message(conn, room_id, seq, "edit", {"pinned": pinned})


def vote(conn: Connection, room_id: str, seq: int, voter: str, value: int) -> StreamEvent | None:
    """What `voter` thinks of the answer that is shown: 1, -1, or 0 for nothing any more.

    Raises:
        InvalidInput: another value.
    """
    if value not in (1, 0, -1):
        raise InvalidInput(field="value", expected="1, 0, -1", found=value)
    message = finished(conn, room_id, seq)
    mine = _vote_of(room_id, seq, message.variant, voter)
    before = conn.execute(select(t.votes.c.value).where(mine)).scalar()
    if (before or 0) == value:
        return None
    conn.execute(delete(t.votes).where(mine))
    if value:
        row = {
            "room_id": room_id,
            "seq": seq,
            "variant": message.variant,
            "voter": voter,
            "value": value,
            "at": now(),
        }
        conn.execute(insert(t.votes), row)
    tally = _tally(conn, room_id, seq, message.variant)
    return book.change_message(conn, room_id, seq, "edit", {"votes": tally})


def votes_of(conn: Connection, room_id: str, voter: str) -> dict[int, int]:
    """What `voter` thinks of the lines of a room as they are shown: 1 or -1 by seq."""
    shown = and_(
        t.messages.c.room_id == t.votes.c.room_id,
        t.messages.c.seq == t.votes.c.seq,
        t.messages.c.variant == t.votes.c.variant,
    )
    query = select(t.votes.c.seq, t.votes.c.value).join(t.messages, shown)
    rows = conn.execute(query.where(t.votes.c.room_id == room_id, t.votes.c.voter == voter))
    return {row.seq: row.value for row in rows}


def variants(conn: Connection, room_id: str, seq: int) -> list[dict[str, Any]]:
    """All answers of a line in their order: {number, shown, content, status, model, …}."""
    message = book.load_message(conn, room_id, seq)
    shown = _row(conn, room_id, seq)
    found = [{"number": message.variant, "shown": True, **{k: shown[k] for k in _ANSWER}}]
    where = and_(t.variants.c.room_id == room_id, t.variants.c.seq == seq)
    for row in conn.execute(select(t.variants).where(where)).mappings():
        found.append({"number": row["number"], "shown": False, **{k: row[k] for k in _ANSWER}})
    return sorted(found, key=lambda one: one["number"])


def edits(conn: Connection, room_id: str, seq: int) -> list[dict[str, Any]]:
    """What a line said before, the oldest first: {number, variant, content, editor, at}."""
    columns = ("number", "variant", "content", "editor", "at")
    where = and_(t.edits.c.room_id == room_id, t.edits.c.seq == seq)
    query = select(*(t.edits.c[name] for name in columns)).where(where)
    return [dict(row) for row in conn.execute(query.order_by(t.edits.c.number)).mappings()]


def choose(conn: Connection, room_id: str, seq: int, number: int) -> StreamEvent | None:
    """Show another answer of a line. `None`: it is shown already.

    Raises:
        InvalidInput: it has no such answer.
        Conflict: it is being written, or deleted.
    """
    message = finished(conn, room_id, seq)
    if number == message.variant:
        return None
    where = and_(_place(t.variants, room_id, seq), t.variants.c.number == number)
    row = conn.execute(select(t.variants).where(where)).mappings().first()
    if row is None:
        expected = words(N_("1 to {limit}"), limit=message.variants)
        raise InvalidInput(field="variant", expected=expected, found=number)
    answer = {name: row[name] for name in _ANSWER}
    conn.execute(delete(t.variants).where(where))
    _park(conn, room_id, seq)
    values = {**answer, "variant": number, "votes": _tally(conn, room_id, seq, number)}
    return book.change_message(conn, room_id, seq, "edit", values)


def begin_again(conn: Connection, room_id: str, seq: int, kind: str, model: str) -> StreamEvent:
    """An agent's line is pending once more: for another answer, or for the rest of this one.

    Raises:
        Conflict: it is being written, deleted, not an agent's, or has nothing to go on with.
    """
    message = finished(conn, room_id, seq)
    if message.kind is not Kind.AGENT:
        raise Conflict(detail=words(N_("only what an agent of this app said can be said again")))
    values: dict[str, Any] = {"status": str(ReplyStatus.PENDING), "again": kind, "reason": None}
    if kind == CONTINUE:
        broken_off = message.status in (ReplyStatus.PARTIAL, ReplyStatus.STOPPED)
        if not broken_off or not message.content:
            raise Conflict(detail=words(N_("this reply was not broken off")))
    else:
        _park(conn, room_id, seq)
        count = message.variants + 1
        blank = dict.fromkeys((*_ANSWER[3:], "votes"))
        values = {**blank, **values, "content": "", "variant": count, "variants": count}
    return book.change_message(conn, room_id, seq, "status", {**values, "model": model})


def take_back(
    conn: Connection, room_id: str, seq: int, number: int | None = None
) -> StreamEvent | None:
    """Undo `begin_again` where no word has come: the line shows what it showed before.

    `number` is the answer that was shown; unknown, it is the newest. What was to be gone on with
    is `stopped`. `None`: a word has come, so that there is nothing to undo.
    """
    message = book.load_message(conn, room_id, seq)
    values: dict[str, Any]
    if message.again == CONTINUE:
        values = {"status": str(ReplyStatus.STOPPED), "again": None}
        return book.change_message(conn, room_id, seq, "status", values)
    where = _place(t.variants, room_id, seq)
    if number is not None:
        where = and_(where, t.variants.c.number == number)
    newest = select(t.variants).where(where).order_by(t.variants.c.number.desc()).limit(1)
    row = conn.execute(newest).mappings().first()
    if message.content or message.variant != message.variants or row is None:
        return None
    here = _place(t.variants, room_id, seq)
    conn.execute(delete(t.variants).where(here, t.variants.c.number == row["number"]))
    values = {
        **{name: row[name] for name in _ANSWER},
        "variant": row["number"],
        "variants": message.variants - 1,
        "votes": _tally(conn, room_id, seq, row["number"]),
        "again": None,
    }
    return book.change_message(conn, room_id, seq, "status", values)


def finished(conn: Connection, room_id: str, seq: int) -> Message:
    """A line that may be changed.

    Raises:
        MessageNotFound.
        Conflict: it is being written, or deleted.
    """
    message = book.load_message(conn, room_id, seq)
    if message.deleted:
        raise MessageNotFound(room=room_id, seq=seq)
    if not message.status.final:
        raise Conflict(detail=words(N_("the message is still being written")))
    return message


def _park(conn: Connection, room_id: str, seq: int) -> None:
    """Put the answer that is shown aside."""
    row = _row(conn, room_id, seq)
    parked = {name: row[name] for name in _ANSWER}
    place = {"room_id": room_id, "seq": seq, "number": row["variant"]}
    conn.execute(insert(t.variants), {**place, **parked})


def _row(conn: Connection, room_id: str, seq: int) -> Mapping[str, Any]:
    query = select(t.messages).where(_place(t.messages, room_id, seq))
    return dict(conn.execute(query).mappings().one())


def _tally(conn: Connection, room_id: str, seq: int, variant: int) -> dict[str, int] | None:
    where = and_(_place(t.votes, room_id, seq), t.votes.c.variant == variant)
    values = list(conn.execute(select(t.votes.c.value).where(where)).scalars())
    return {"up": values.count(1), "down": values.count(-1)} if values else None


def _vote_of(room_id: str, seq: int, variant: int, voter: str) -> Any:
    return and_(
        _place(t.votes, room_id, seq), t.votes.c.variant == variant, t.votes.c.voter == voter
    )


def _next(conn: Connection, table: Any, room_id: str, seq: int) -> int:
    query = select(func.max(table.c.number)).where(_place(table, room_id, seq))
    return (conn.execute(query).scalar() or 0) + 1


def _place(table: Any, room_id: str, seq: int) -> Any:
    return and_(table.c.room_id == room_id, table.c.seq == seq)
