"""Rounds in SQL: who is due, planned and begun exactly once, whatever is killed when.

A round answers all messages of people since the last one. Its turns are rows: `due`, then
`begun` in the very transaction that creates the pending reply, then `done`; `dropped` when
stopped. After a kill, what was begun is closed and what was due runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from core.messages import Kind, ReplyStatus, StreamEvent
from core.rooms import book
from core.store import tables as t

Choose = Callable[[Sequence[str], Sequence[str], Sequence[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Turn:
    """One agent's turn to answer the round that `trigger_seq` ended the question of."""

    room: str
    trigger_seq: int
    position: int
    agent: str


def due(conn: Connection, room_id: str) -> list[Turn]:
    """The turns of this room that have not begun, in order."""
    query = select(t.turns).where(t.turns.c.room_id == room_id, t.turns.c.state == "due")
    ordered = query.order_by(t.turns.c.trigger_seq, t.turns.c.position)
    return [
        Turn(room_id, row["trigger_seq"], row["position"], row["agent"])
        for row in conn.execute(ordered).mappings()
    ]


def plan(conn: Connection, room_id: str, choose: Choose) -> list[Turn]:
    """Plan one round for everything people said since the last plan; the turns that are due."""
    waiting = due(conn, room_id)
    if waiting:
        return waiting
    room = conn.execute(select(t.rooms).where(t.rooms.c.id == room_id)).mappings().one()
    said = _said_since(conn, room_id, room["planned_seq"])
    if room["deleted_at"] is not None or not said:
        return []
    members = book.members_of(conn, [room_id])[room_id]
    inside = [member.name for member in members if member.kind is Kind.AGENT]
    outside = [member.name for member in members if member.kind is not Kind.AGENT]
    chosen = choose([content for _seq, content in said], inside, outside)
    trigger = said[-1][0]
    conn.execute(update(t.rooms).where(t.rooms.c.id == room_id).values(planned_seq=trigger))
    rows = [
        {
            "room_id": room_id,
            "trigger_seq": trigger,
            "position": position,
            "agent": agent,
            "state": "due",
        }
        for position, agent in enumerate(chosen)
    ]
    if rows:
        conn.execute(insert(t.turns), rows)
    return [Turn(room_id, trigger, position, agent) for position, agent in enumerate(chosen)]


def begin(conn: Connection, turn: Turn, values: dict[str, Any]) -> StreamEvent | None:
    """Create the turn's pending reply; `None` when the turn is no longer due."""
    room = conn.execute(select(t.rooms).where(t.rooms.c.id == turn.room)).mappings().one()
    claimed = conn.execute(
        update(t.turns)
        .where(_row(turn), t.turns.c.state == "due")
        .values(state="begun", reply_seq=room["last_seq"] + 1)
    )
    if claimed.rowcount == 0:
        return None
    return book.add_message(conn, room, {**values, "reply_to": turn.trigger_seq})


def end(conn: Connection, turn: Turn) -> None:
    """The turn's reply is final."""
    conn.execute(update(t.turns).where(_row(turn)).values(state="done"))


def drop(conn: Connection, room_id: str) -> int:
    """Let the turns that have not begun go; how many there were."""
    where = and_(t.turns.c.room_id == room_id, t.turns.c.state == "due")
    return conn.execute(update(t.turns).where(where).values(state="dropped")).rowcount


def close_unfinished(conn: Connection) -> list[StreamEvent]:
    """After a kill: `pending` becomes `partial`, or `failed` when empty; begun turns are done."""
    query = select(t.messages).where(t.messages.c.status == ReplyStatus.PENDING)
    pending = conn.execute(query.order_by(t.messages.c.room_id, t.messages.c.seq)).mappings()
    events = []
    for row in pending.all():
        status = ReplyStatus.PARTIAL if row["content"] else ReplyStatus.FAILED
        values = {"status": str(status), "reason": {"code": "interrupted", "params": {}}}
        events.append(book.change_message(conn, row["room_id"], row["seq"], "status", values))
    conn.execute(update(t.turns).where(t.turns.c.state == "begun").values(state="done"))
    return events


def rooms_with_work(conn: Connection) -> list[str]:
    """Rooms with turns that are due, or with messages of people that no round has answered."""
    waiting = select(t.turns.c.room_id).where(t.turns.c.state == "due")
    unanswered = select(t.rooms.c.id).join(
        t.messages,
        and_(
            t.messages.c.room_id == t.rooms.c.id,
            t.messages.c.seq > t.rooms.c.planned_seq,
            t.messages.c.kind == Kind.HUMAN,
        ),
    )
    alive = select(t.rooms.c.id).where(t.rooms.c.deleted_at.is_(None))
    either = alive.where(t.rooms.c.id.in_(waiting) | t.rooms.c.id.in_(unanswered))
    return list(conn.execute(either).scalars())


def _row(turn: Turn) -> Any:
    return and_(
        t.turns.c.room_id == turn.room,
        t.turns.c.trigger_seq == turn.trigger_seq,
        t.turns.c.position == turn.position,
    )


def _said_since(conn: Connection, room_id: str, planned: int) -> list[tuple[int, str]]:
    query = select(t.messages.c.seq, t.messages.c.content).where(
        t.messages.c.room_id == room_id,
        t.messages.c.seq > planned,
        t.messages.c.kind == Kind.HUMAN,
        t.messages.c.deleted.is_(False),
    )
    return [(row.seq, row.content) for row in conn.execute(query.order_by(t.messages.c.seq))]
