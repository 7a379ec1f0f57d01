"""From a room's rows to the view that its policy decides by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection, and_, bindparam, select

from core.messages import Kind, Line, Reason
from core.rooms.people import hearing
from core.rooms.policies import policy_of, with_defaults
from core.rooms.policies.base import Choice, Decision, Taken, View
from core.rooms.seen import Seen
from core.rooms.turns import round_book
from core.rooms.turns.round_book import Round
from core.store import tables as t
from core.store.prepared import Prepared, Row

TRANSCRIPT_LINES = 20
_LAST_SPEAKER = (
    select(t.messages.c.sender)
    .where(t.messages.c.room_id == bindparam("room"), t.messages.c.kind != Kind.HUMAN)
    .where(
        (t.messages.c.kind == Kind.AGENT)
        | t.messages.c.sender.in_(bindparam("inside", expanding=True))
    )
    .order_by(t.messages.c.seq.desc())
    .limit(1)
)
_REPLY = and_(t.messages.c.room_id == t.turns.c.room_id, t.messages.c.seq == t.turns.c.reply_seq)
_TAKEN = Prepared(
    select(t.turns.c.agent, t.turns.c.role, t.messages.c.content)
    .outerjoin(t.messages, _REPLY)
    .where(
        t.turns.c.room_id == bindparam("room"),
        t.turns.c.trigger_seq == bindparam("trigger"),
        t.turns.c.state == "done",
    )
    .order_by(t.turns.c.reply_seq, t.turns.c.position)
)

# How talkative an agent is, 0 to 1; `None` when nobody chose.
Talkative = Callable[[str], float | None]
Answers = Mapping[str, str | None]


class Decider:
    """Asks a room's policy; `answers` hold what models said to the choice named by their key."""

    def __init__(self, talkative: Talkative) -> None:
        self._talkative = talkative

    def choose(self, seen: Seen, round_: Round, answers: Answers) -> Decision:
        """What the policy that the room has just now says about this round."""
        conn, room_id, trigger = seen.conn, seen.row["id"], round_.trigger_seq
        said = round_.said or round_book.said_between(conn, room_id, round_.since_seq, trigger)
        seen.note(said)
        taken = _taken(conn, room_id, round_)
        if (hearers := hearing.hearers(seen, trigger)) is not None:
            # A whisper is answered by those who heard it, whatever the policy.
            return [] if taken else [Choice(name, Reason("whispered")) for name in hearers]
        return policy_of(seen.row["policy"]).next(self._view(seen, said, trigger, taken, answers))

    def _view(
        self,
        seen: Seen,
        said: Sequence[Row],
        trigger: int,
        taken: tuple[Taken, ...],
        answers: Answers,
    ) -> View:
        conn, room_id = seen.conn, seen.row["id"]
        policy = policy_of(seen.row["policy"])
        members = seen.members
        inside = tuple(one.name for one in members if one.there)
        away = tuple(one.name for one in members if one.takes_turns and one.away)
        guests = frozenset(one.name for one in members if one.kind is not Kind.AGENT)
        lines: list[Line] = []
        heard: dict[str, tuple[Line, ...]] = {}
        if policy.asks_models:
            lines = hearing.transcript(conn, room_id, None, TRANSCRIPT_LINES)
            heard = hearing.heard_by_each(conn, room_id, inside, lines)
        last = taken[-1].agent if taken else None
        if last is None and policy.follows_speaker:
            last = _last_speaker(conn, room_id, inside)
        weights = {name: self._talkative(name) for name in inside}
        return View(
            asked=tuple(row["content"] for row in said),
            members=inside,
            outside=tuple(one.name for one in members if not one.takes_turns),
            away=away,
            guests=guests,
            voteless=frozenset(one.name for one in members if not one.votes),
            talkativeness={name: one for name, one in weights.items() if one is not None},
            transcript=tuple(lines),
            heard=heard,
            last_speaker=last,
            taken=taken,
            options=with_defaults(policy, seen.row["policy_options"]),
            answers=answers,
            seed=f"{room_id}:{trigger}:{len(taken)}",
        )


def _taken(conn: Connection, room_id: str, round_: Round) -> tuple[Taken, ...]:
    """The turns of this round that have ended, in the order in which they were spoken."""
    if round_.turns == 0:
        return ()
    rows = _TAKEN.rows(conn, {"room": room_id, "trigger": round_.trigger_seq})
    return tuple(Taken(row["agent"], row["role"] or "answer", row["content"] or "") for row in rows)


def _last_speaker(conn: Connection, room_id: str, inside: Sequence[str]) -> str | None:
    return conn.execute(_LAST_SPEAKER, {"room": room_id, "inside": list(inside)}).scalar()
