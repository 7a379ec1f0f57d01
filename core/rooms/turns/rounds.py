"""Rounds in SQL: who is due, planned and begun exactly once, whatever is killed when.

A round answers all messages of people since the last one. Its turns are rows: `due`, then
`begun` in the very transaction that creates the pending reply, then `done`; `dropped` when
stopped. Once no turn of an open round is due, its policy says who comes next, in the transaction
that ends the last one where no model must be asked for that. After a kill, what was begun is
closed, what was due runs, and an open round goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, or_, select, update

from core.errors import AgentNotFound
from core.messages import Kind, Reason, ReplyStatus, StreamEvent
from core.rooms import book
from core.rooms.people import hearing
from core.rooms.policies.base import Ask, Choice, Decision
from core.rooms.rules import name_key
from core.rooms.said import versions
from core.rooms.seen import Seen
from core.rooms.turns import round_book
from core.rooms.turns.round_book import Round
from core.store import tables as t
from core.store.prepared import Prepared, Row
from core.store.times import now

MOST_TURNS = 60  # of one round, whatever its policy says


@dataclass(frozen=True, slots=True)
class Turn:
    """One agent's turn to answer the round that `trigger_seq` ended the question of.

    `why` is the stored reason, `role` and `task` what the policy wants of it.
    """

    room: str
    trigger_seq: int
    position: int
    agent: str
    why: dict[str, Any] = field(default_factory=dict)
    role: str = "answer"
    task: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done in a room: turns that are due, or models to be asked who comes next.

    `key` names the choice that `ask` is for: the round's trigger, and the turns it has had.
    `seen` is the room of the turns, for who begins one in the same transaction.
    """

    due: tuple[Turn, ...] = ()
    ask: Ask | None = None
    key: tuple[int, int] = (0, 0)
    seen: Seen | None = None


# Statements of the way that every message takes.
_GOING_ON = Prepared(
    select(t.turns)
    .where(round_book.in_room(t.turns), or_(t.turns.c.state == "due", t.turns.c.state == "begun"))
    .order_by(t.turns.c.trigger_seq, t.turns.c.position)
)
_ROUND = ("room_id", "trigger_seq", "since_seq", "policy", "state", "began_at")
_ADD_ROUND = Prepared(insert(t.rounds), _ROUND)
_TURN = ("room_id", "trigger_seq", "position", "agent", "state", "why", "role", "task")
_ADD_TURN = Prepared(insert(t.turns), _TURN)
_PLANNED = Prepared(
    update(t.rooms)
    .where(t.rooms.c.id == bindparam("room"))
    .values(planned_seq=bindparam("trigger"))
)
_THIS_TURN = (
    t.turns.c.room_id == bindparam("room"),
    t.turns.c.trigger_seq == bindparam("trigger"),
    t.turns.c.position == bindparam("at"),
)
_CLAIM = Prepared(
    update(t.turns)
    .where(*_THIS_TURN, t.turns.c.state == "due")
    .values(state="begun", reply_seq=bindparam("number"))
)
_END = Prepared(update(t.turns).where(*_THIS_TURN).values(state="done"))
_OVER = Prepared(
    update(t.rounds)
    .where(t.rounds.c.room_id == bindparam("room"), t.rounds.c.trigger_seq == bindparam("trigger"))
    .values(state="done", policy=bindparam("chosen_by"), ended_at=bindparam("moment"))
)
# What the room's policy says about a round.
Choose = Callable[[Seen, Round], Decision]


def advance(conn: Connection, room_id: str, choose: Choose, *, opening: bool = True) -> Plan:
    """What is due in this room; the policy is asked when nothing is.

    A new round begins for everything people said since the last one, unless `opening` is false.
    An empty plan: there is nothing to do.
    """
    seen = Seen(conn, room_id)
    if seen.row["halted"]:
        return Plan()
    rows = _GOING_ON.rows(conn, {"room": room_id})
    waiting = [_to_turn(row) for row in rows if row["state"] == "due"]
    idle = not rows and seen.row["deleted_at"] is None
    while not waiting:
        round_ = round_book.open_round(conn, room_id) if idle else None
        if round_ is None and idle and opening:
            round_ = _begin_round(seen)
        if round_ is None:
            return Plan()
        decision = choose(seen, round_)
        if isinstance(decision, Ask):
            return Plan(ask=decision, key=round_.choice_key)
        waiting = _plan_turns(seen, round_, decision)
        if not waiting and opening:
            seen = Seen(conn, room_id)  # the next round begins where this one's question ended
    return Plan(due=tuple(waiting), seen=seen)


def give_turn(conn: Connection, ref: str, agent: str) -> str:
    """Somebody gave `agent` the word: a turn of its own, after those due; the room's id.

    Raises:
        RoomNotFound, AgentNotFound.
    """
    room = book.find_room(conn, ref)
    members = book.members_of(conn, [room["id"]])[room["id"]]
    inside = {name_key(one.name): one.name for one in members if one.takes_turns}
    if name_key(agent) not in inside:
        raise AgentNotFound(agent=agent[:80])
    trigger = max(room["planned_seq"], round_book.last_of_people(conn, room["id"]))
    here = and_(t.rounds.c.room_id == room["id"], t.rounds.c.trigger_seq == trigger)
    again = {"state": "open", "ended_at": None}
    if conn.execute(update(t.rounds).where(here).values(**again)).rowcount == 0:
        _add_round(conn, room, trigger)
    _PLANNED.run(conn, {"room": room["id"], "trigger": trigger})
    picked = [Choice(inside[name_key(agent)], Reason("picked"))]
    _add_turns(conn, room["id"], trigger, round_book.count_turns(conn, room["id"], trigger), picked)
    return str(room["id"])


def begin(
    seen: Seen, turn: Turn, values: dict[str, Any], heard_seq: int | None = None
) -> StreamEvent | None:
    """Create the turn's pending reply; `None` when the turn is no longer due.

    `heard_seq`: the last line that it has heard, when that is not the last one there is.
    """
    conn, room = seen.conn, seen.row
    if not _CLAIM.run(conn, {**_named(turn), "number": room["last_seq"] + 1}):
        return None
    heard = room["last_seq"] if heard_seq is None else heard_seq
    to = hearing.answer_to(seen, turn.trigger_seq, turn.agent)
    told = {"reply_to": turn.trigger_seq or None, "heard_seq": heard, "to": to}
    return book.add_message(conn, room, {**values, **told})


def end(conn: Connection, turn: Turn) -> None:
    """The turn's reply is final."""
    _END.run(conn, _named(turn))


def drop(conn: Connection, room_id: str) -> int:
    """End the open round and let its turns go that have not begun; how many there were."""
    here = and_(t.rounds.c.room_id == room_id, t.rounds.c.state == "open")
    conn.execute(update(t.rounds).where(here).values(state="dropped", ended_at=now()))
    where = and_(t.turns.c.room_id == room_id, t.turns.c.state == "due")
    return conn.execute(update(t.turns).where(where).values(state="dropped")).rowcount


def close_unfinished(conn: Connection) -> list[StreamEvent]:
    """After a kill: `pending` becomes `partial`, or `failed` when empty; begun turns are done.

    A line that was to be answered anew and has no word yet shows its last answer again.
    """
    query = select(t.messages).where(t.messages.c.status == ReplyStatus.PENDING)
    pending = conn.execute(query.order_by(t.messages.c.room_id, t.messages.c.seq)).mappings()
    events = [_closed(conn, row) for row in pending.all()]
    conn.execute(update(t.turns).where(t.turns.c.state == "begun").values(state="done"))
    return events


def _closed(conn: Connection, row: Row) -> StreamEvent:
    if row["again"] == versions.REGENERATE and not row["content"]:
        event = versions.take_back(conn, row["room_id"], row["seq"])
        if event is not None:
            return event
    status = ReplyStatus.PARTIAL if row["content"] else ReplyStatus.FAILED
    reason = {"code": "interrupted", "params": {}}
    values = {"status": str(status), "reason": reason, "again": None}
    return book.change_message(conn, row["room_id"], row["seq"], "status", values)


def rooms_with_work(conn: Connection) -> list[str]:
    """Rooms with due turns or open rounds, or messages of people that no round has answered."""
    waiting = select(t.turns.c.room_id).where(t.turns.c.state == "due")
    going_on = select(t.rounds.c.room_id).where(t.rounds.c.state == "open")
    unanswered = select(t.rooms.c.id).join(
        t.messages,
        and_(
            t.messages.c.room_id == t.rooms.c.id,
            t.messages.c.seq > t.rooms.c.planned_seq,
            t.messages.c.kind == Kind.HUMAN,
        ),
    )
    alive = select(t.rooms.c.id).where(t.rooms.c.deleted_at.is_(None))
    some = [t.rooms.c.id.in_(query) for query in (waiting, going_on, unanswered)]
    return list(conn.execute(alive.where(some[0] | some[1] | some[2])).scalars())


# --- inside -------------------------------------------------------------------------------------


def _begin_round(seen: Seen) -> Round | None:
    """Open a round for what people said since the last one; `None` when they said nothing."""
    conn, room = seen.conn, seen.row
    unanswered = round_book.said_between(conn, room["id"], room["planned_seq"], None)
    said = hearing.together(unanswered)
    if not said:
        return None
    seen.note(said)
    trigger = said[-1]["seq"]
    _PLANNED.run(conn, {"room": room["id"], "trigger": trigger})
    _add_round(conn, room, trigger)
    return Round(trigger, room["planned_seq"], room["policy"], said=tuple(said))


def _add_round(conn: Connection, room: Row, trigger: int) -> None:
    row = {
        "room_id": room["id"],
        "trigger_seq": trigger,
        "since_seq": min(room["planned_seq"], trigger),
        "policy": room["policy"],
        "state": "open",
        "began_at": now(),
    }
    _ADD_ROUND.run(conn, row)


def _plan_turns(seen: Seen, round_: Round, chosen: Sequence[Choice]) -> list[Turn]:
    """Store the turns that the policy chose; a round with none is over."""
    conn, room, trigger = seen.conn, seen.row, round_.trigger_seq
    chosen = list(chosen)[: max(0, MOST_TURNS - round_.turns)]
    if not chosen:
        here = {"room": room["id"], "trigger": trigger}
        _OVER.run(conn, {**here, "chosen_by": room["policy"], "moment": now()})
        return []
    if round_.policy != room["policy"]:
        this = (t.rounds.c.room_id == room["id"], t.rounds.c.trigger_seq == trigger)
        conn.execute(update(t.rounds).where(*this).values(policy=room["policy"]))
    return _add_turns(conn, room["id"], trigger, round_.turns, chosen)


def _add_turns(
    conn: Connection, room_id: str, trigger: int, first: int, chosen: Sequence[Choice]
) -> list[Turn]:
    turns = [
        Turn(
            room_id,
            trigger,
            first + number,
            choice.agent,
            {"code": choice.reason.code, "params": dict(choice.reason.params)},
            choice.role,
            choice.task,
        )
        for number, choice in enumerate(chosen)
    ]
    for turn in turns:
        _ADD_TURN.run(conn, _turn_row(turn))
    return turns


def _to_turn(row: Row) -> Turn:
    why, role, task = row["why"] or {}, row["role"] or "answer", row["task"] or ""
    return Turn(row["room_id"], row["trigger_seq"], row["position"], row["agent"], why, role, task)


def _turn_row(turn: Turn) -> dict[str, Any]:
    named = {"room_id": turn.room, "trigger_seq": turn.trigger_seq, "position": turn.position}
    asked = {"agent": turn.agent, "why": turn.why, "role": turn.role, "task": turn.task}
    return {**named, **asked, "state": "due"}


def _named(turn: Turn) -> dict[str, Any]:
    """What the statements above know a turn by."""
    return {"room": turn.room, "trigger": turn.trigger_seq, "at": turn.position}
