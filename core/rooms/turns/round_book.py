"""What is known of rounds: which is open, how many turns it had, what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    bindparam,
    exists,
    func,
    select,
    update,
)

from core.messages import Kind
from core.rooms.model import RoundFigures
from core.store import tables as t
from core.store.prepared import Prepared, Row


def in_room(table: Table) -> ColumnElement[bool]:
    """`table.room_id = :room`, for what a room has few of: SQLite is to look by `state`.

    By the room it would look through all turns or rounds that the room ever had.
    """
    return table.c.room_id.concat("") == bindparam("room")


_ONE_TURN = select(t.turns.c.position).where(in_room(t.turns)).limit(1)
_BEGUN = Prepared(_ONE_TURN.where(t.turns.c.state == "begun"))
_DUE = Prepared(_ONE_TURN.where(t.turns.c.state == "due"))
_TURNS = (
    select(func.count())
    .where(t.turns.c.room_id == t.rounds.c.room_id, t.turns.c.trigger_seq == t.rounds.c.trigger_seq)
    .scalar_subquery()
)
_OPEN_ROUND = Prepared(
    select(t.rounds.c.trigger_seq, t.rounds.c.since_seq, t.rounds.c.policy, _TURNS.label("turns"))
    .where(in_room(t.rounds), t.rounds.c.state == "open")
    .order_by(t.rounds.c.trigger_seq)
    .limit(1)
)
_SAID = Prepared(
    select(t.messages.c.seq, t.messages.c.content, t.messages.c.sender, t.messages.c.to)
    .where(
        t.messages.c.room_id == bindparam("room"),
        t.messages.c.seq > bindparam("since"),
        t.messages.c.seq <= bindparam("up_to"),
        t.messages.c.kind == Kind.HUMAN,
        t.messages.c.deleted.is_(False),
    )
    .order_by(t.messages.c.seq)
)
_WAITS = Prepared(
    select(
        exists().where(in_room(t.turns), t.turns.c.state == "due")
        | exists().where(in_room(t.rounds), t.rounds.c.state == "open")
        | exists().where(
            t.rooms.c.id == bindparam("room"),
            t.messages.c.room_id == bindparam("room"),
            t.messages.c.seq > t.rooms.c.planned_seq,
            t.messages.c.kind == Kind.HUMAN,
        )
    )
)
_NOTE_LOADS = Prepared(
    update(t.rounds)
    .where(t.rounds.c.room_id == bindparam("room"), t.rounds.c.trigger_seq == bindparam("trigger"))
    .values(loads=bindparam("made"), naive_loads=bindparam("naive"), saved_s=bindparam("saved"))
)
NO_END = 2**62


@dataclass(frozen=True, slots=True)
class Round:
    """A round that goes on: it answers what people said after `since_seq` up to `trigger_seq`.

    `turns`: how many it has had or will have. `said`: the rows of what it answers, if read.
    """

    trigger_seq: int
    since_seq: int
    policy: str
    turns: int = 0
    said: tuple[Row, ...] = ()

    @property
    def choice_key(self) -> tuple[int, int]:
        """What a choice is known by: the round's trigger, and how many turns it has had."""
        return self.trigger_seq, self.turns


def open_round(conn: Connection, room_id: str) -> Round | None:
    """The round that goes on in this room, if any."""
    found = _OPEN_ROUND.first(conn, {"room": room_id})
    return None if found is None else Round(**found)


def count_turns(conn: Connection, room_id: str, trigger: int) -> int:
    """How many turns the round has had or will have."""
    here = t.turns.c.room_id == room_id, t.turns.c.trigger_seq == trigger
    return int(conn.execute(select(func.count()).where(*here)).scalar_one())


def answered(conn: Connection, room: Row, seq: int) -> bool:
    """Whether the round that answers message `seq` has been, and nothing is due."""
    if room["planned_seq"] < seq or open_round(conn, room["id"]) is not None:
        return False
    return not any_due(conn, room["id"]) and not has_begun(conn, room["id"])


def said_between(conn: Connection, room_id: str, since: int, up_to: int | None) -> Sequence[Row]:
    """Rows of what people wrote after message `since`, up to `up_to` if given."""
    given = {"room": room_id, "since": since, "up_to": NO_END if up_to is None else up_to}
    return _SAID.rows(conn, given)


def note_loads(
    conn: Connection, room_id: str, trigger: int, figures: tuple[int, int, float | None]
) -> None:
    """Keep what the round has cost so far: loads, those of the policy's order, seconds saved."""
    here = {"room": room_id, "trigger": trigger}
    _NOTE_LOADS.run(conn, here | dict(zip(("made", "naive", "saved"), figures, strict=True)))


def last_rounds(conn: Connection, room_id: str, limit: int) -> list[RoundFigures]:
    """The newest rounds of a room, the newest first."""
    query = select(t.rounds, _TURNS.label("turns")).where(t.rounds.c.room_id == room_id)
    names = [one.name for one in fields(RoundFigures)]
    return [
        RoundFigures(**{name: row[name] for name in names})
        for row in conn.execute(
            query.order_by(t.rounds.c.trigger_seq.desc()).limit(limit)
        ).mappings()
    ]


def waits(conn: Connection, room_id: str) -> bool:
    """Whether a turn is due, a round goes on, or people wrote something that none answers."""
    return bool(_WAITS.scalar(conn, {"room": room_id}))


def has_begun(conn: Connection, room_id: str) -> bool:
    """Whether somebody speaks."""
    return _BEGUN.first(conn, {"room": room_id}) is not None


def last_of_people(conn: Connection, room_id: str) -> int:
    """The last message of people; 0 when there is none."""
    query = select(func.max(t.messages.c.seq)).where(
        t.messages.c.room_id == room_id, t.messages.c.kind == Kind.HUMAN
    )
    return int(conn.execute(query).scalar() or 0)


def any_due(conn: Connection, room_id: str) -> bool:
    """Whether a turn waits."""
    return _DUE.first(conn, {"room": room_id}) is not None
