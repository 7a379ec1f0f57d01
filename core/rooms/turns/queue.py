"""How much is still to be said, over all rooms."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from core.store import tables as t

STATES = ("due", "begun")


def queue_of(conn: Connection) -> dict[str, int]:
    """How many turns wait ("due") and are spoken ("begun")."""
    states = t.turns.c.state
    found = select(states, func.count().label("number")).where(states.in_(STATES)).group_by(states)
    return dict.fromkeys(STATES, 0) | {row.state: row.number for row in conn.execute(found)}
