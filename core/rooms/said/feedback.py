"""What people thought of answers, as examples to learn from: prompt, chosen, rejected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, select

from core.agents import traces
from core.errors import PromptNotKept
from core.messages import Kind, PromptMessage, ReplyStatus
from core.rooms.said import versions
from core.store import tables as t

Source = Literal["edit", "vote", "choice"]


@dataclass(frozen=True, slots=True)
class Feedback:
    """One judgement of an answer. `prompt` is what was sent for it; empty when not kept.

    `source`: somebody corrected it ("edit"), voted ("vote"), or took one answer before another
    ("choice"). `chosen` or `rejected` is `None` where only the other is known.
    """

    room: str
    seq: int
    agent: str
    source: Source
    prompt: tuple[PromptMessage, ...]
    chosen: str | None
    rejected: str | None


def feedback_of(conn: Connection, room_id: str) -> Iterator[Feedback]:
    """All that people made known of the answers in a room, the oldest line first."""
    touched = select(t.messages).where(
        t.messages.c.room_id == room_id,
        t.messages.c.kind == str(Kind.AGENT),
        t.messages.c.deleted.is_(False),
        t.messages.c.status != ReplyStatus.PENDING,
    )
    for row in conn.execute(touched.order_by(t.messages.c.seq)).mappings().all():
        place = room_id, row["seq"], row["sender"]
        pairs = list(_pairs(conn, room_id, row["seq"]))
        sent = _sent(conn, room_id, row["seq"]) if pairs else ()
        for source, chosen, rejected in pairs:
            yield Feedback(*place, source, sent, chosen, rejected)


def _pairs(
    conn: Connection, room_id: str, seq: int
) -> Iterator[tuple[Source, str | None, str | None]]:
    answers = {one["number"]: one for one in versions.variants(conn, room_id, seq)}
    firsts: dict[int, str] = {}
    for change in versions.edits(conn, room_id, seq):
        firsts.setdefault(change["variant"], change["content"])
    for number, before in firsts.items():
        yield "edit", answers[number]["content"], before
    liked = _liked(conn, room_id, seq)
    for number, value in liked.items():
        text = answers[number]["content"]
        if value:
            yield "vote", text if value > 0 else None, text if value < 0 else None
    shown = next(one for one in answers.values() if one["shown"])
    for other in answers.values():
        whole = shown["status"] == other["status"] == ReplyStatus.COMPLETE
        if other is not shown and whole and liked.get(shown["number"], 0) >= 0:
            yield "choice", shown["content"], other["content"]


def _liked(conn: Connection, room_id: str, seq: int) -> dict[int, int]:
    """Votes up less votes down, by answer."""
    found: dict[int, int] = {}
    where = t.votes.c.room_id == room_id, t.votes.c.seq == seq
    rows: Any = conn.execute(select(t.votes.c.variant, t.votes.c.value).where(*where))
    for row in rows:
        found[row.variant] = found.get(row.variant, 0) + row.value
    return found


def _sent(conn: Connection, room_id: str, seq: int) -> tuple[PromptMessage, ...]:
    try:
        return traces.load(conn, room_id, seq).prompt.messages
    except PromptNotKept:
        return ()
