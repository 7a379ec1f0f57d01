"""From a room's rows to the view that its policy decides by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, select

from core.messages import Kind, Reason
from core.rooms import book, hearing, round_book
from core.rooms.policies import policy_of, with_defaults
from core.rooms.policies.base import Choice, Decision, Taken, View
from core.store import tables as t

TRANSCRIPT_LINES = 20

# How talkative an agent is, 0 to 1; `None` when nobody chose.
Talkative = Callable[[str], float | None]
Answers = Mapping[str, str | None]


class Decider:
    """Asks a room's policy; `answers` hold what models said to the choice named by their key."""

    def __init__(self, talkative: Talkative) -> None:
        self._talkative = talkative

    def choose(
        self, conn: Connection, room: RowMapping, round_: RowMapping, answers: Answers
    ) -> Decision:
        """What the policy that the room has just now says about this round."""
        if (hearers := hearing.hearers(conn, room["id"], round_["trigger_seq"])) is not None:
            return self._whispered(conn, room["id"], round_["trigger_seq"], hearers)
        policy = policy_of(room["policy"])
        view = self._view(conn, room, round_, answers, with_transcript=policy.asks_models)
        return policy.next(view)

    def _whispered(
        self, conn: Connection, room_id: str, trigger: int, hearers: Sequence[str]
    ) -> Decision:
        """A whisper is answered by those who heard it, whatever the policy."""
        if _taken(conn, room_id, trigger):
            return []
        return [Choice(name, Reason("whispered")) for name in hearers]

    def _view(
        self,
        conn: Connection,
        room: RowMapping,
        round_: RowMapping,
        answers: Answers,
        *,
        with_transcript: bool,
    ) -> View:
        room_id, trigger = room["id"], round_["trigger_seq"]
        said = round_book.said_between(conn, room_id, round_["since_seq"], trigger)
        members = book.members_of(conn, [room_id])[room_id]
        inside = tuple(one.name for one in members if one.kind is Kind.AGENT and not one.muted)
        taken = _taken(conn, room_id, trigger)
        lines = hearing.transcript(conn, room_id, None, TRANSCRIPT_LINES) if with_transcript else ()
        weights = {name: self._talkative(name) for name in inside}
        return View(
            asked=tuple(row["content"] for row in said),
            members=inside,
            outside=tuple(member.name for member in members if member.kind is not Kind.AGENT),
            talkativeness={name: one for name, one in weights.items() if one is not None},
            transcript=tuple(lines),
            last_speaker=taken[-1].agent if taken else _last_speaker(conn, room_id),
            taken=taken,
            options=with_defaults(policy_of(room["policy"]), room["policy_options"]),
            answers=answers,
            seed=f"{room_id}:{trigger}:{len(taken)}",
        )


def _taken(conn: Connection, room_id: str, trigger: int) -> tuple[Taken, ...]:
    """The turns of this round that have ended, in the order in which they were spoken."""
    reply = and_(t.messages.c.room_id == t.turns.c.room_id, t.messages.c.seq == t.turns.c.reply_seq)
    query = (
        select(t.turns.c.agent, t.turns.c.role, t.messages.c.content)
        .outerjoin(t.messages, reply)
        .where(
            t.turns.c.room_id == room_id,
            t.turns.c.trigger_seq == trigger,
            t.turns.c.state == "done",
        )
        .order_by(t.turns.c.reply_seq, t.turns.c.position)
    )
    rows: Any = conn.execute(query)
    return tuple(Taken(row.agent, row.role or "answer", row.content or "") for row in rows)


def _last_speaker(conn: Connection, room_id: str) -> str | None:
    query = (
        select(t.messages.c.sender)
        .where(t.messages.c.room_id == room_id, t.messages.c.kind == Kind.AGENT)
        .order_by(t.messages.c.seq.desc())
        .limit(1)
    )
    return conn.execute(query).scalar()
