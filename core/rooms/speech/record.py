"""How an agent has kept its tone, over its last replies."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.messages import Kind
from core.rooms.speech.report import Report
from core.store import tables as t

LAST_REPLIES = 500


@dataclass(frozen=True, slots=True)
class ToneRecord:
    """One tone: in `replies` replies, `held` of `of` checks were passed."""

    expected: str
    replies: int
    held: int
    of: int


def tone_record(conn: Connection, agent: str) -> list[ToneRecord]:
    """The tones of the last 500 replies in which one was measured, the most frequent first."""
    query = (
        select(t.messages.c.speech)
        .where(
            t.messages.c.sender == agent,
            t.messages.c.kind == str(Kind.AGENT),
            t.messages.c.speech["tone"].as_string().is_not(None),
        )
        .order_by(t.messages.c.created_at.desc())
        .limit(LAST_REPLIES)
    )
    found: dict[str, ToneRecord] = {}
    for (speech,) in conn.execute(query):
        tone = Report.of(speech).tone
        if tone is not None:
            known = found.get(tone.expected, ToneRecord(tone.expected, 0, 0, 0))
            found[tone.expected] = ToneRecord(
                tone.expected, known.replies + 1, known.held + tone.held, known.of + tone.of
            )
    return sorted(found.values(), key=lambda record: -record.replies)
