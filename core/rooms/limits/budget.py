"""What a room may cost before it waits to be let go on, and whether it goes in circles.

Counted are the replies of agents of this app. Energy is known only where a card tells its power,
and then holds all that the machine's cards took while the room spoke.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from core.errors import (
    InCircles,
    InvalidInput,
    JoulesSpent,
    RoomHalted,
    SecondsSpent,
    TokensSpent,
    TurnsSpent,
)
from core.messages import Kind, ReplyStatus, StreamEvent
from core.rooms import admin, book
from core.rooms.limits.damper import LOOKED_AT, goes_in_circles
from core.rooms.limits.wording import Spoken
from core.rooms.model import Room
from core.rooms.seen import Seen
from core.rooms.turns import rounds
from core.store import tables as t
from core.store.prepared import Prepared, Row
from core.text import N_, words

LIMITS: Mapping[str, type[RoomHalted]] = {
    "turns": TurnsSpent,
    "tokens": TokensSpent,
    "seconds": SecondsSpent,
    "joules": JoulesSpent,
}
TICK_S = 1.0
_SPEND = Prepared(
    update(t.rooms).where(t.rooms.c.id == bindparam("room")).values(spent=bindparam("so_far"))
)
_LAST_OF_PEOPLE = Prepared(
    select(func.max(t.messages.c.seq)).where(
        t.messages.c.room_id == bindparam("room"), t.messages.c.kind == str(Kind.HUMAN)
    )
)
_AMONG_AGENTS = Prepared(
    select(t.messages.c.sender, t.messages.c.content, t.messages.c.reply_to)
    .where(
        t.messages.c.room_id == bindparam("room"),
        t.messages.c.seq > bindparam("since"),
        t.messages.c.kind == str(Kind.AGENT),
        t.messages.c.content != "",
        t.messages.c.status != str(ReplyStatus.PENDING),
    )
    .order_by(t.messages.c.seq.desc())
    .limit(LOOKED_AT)
)

Power = Callable[[], float | None]  # watts just now; `None`: nobody knows


@dataclass(frozen=True, slots=True)
class Cost:
    """What one reply took; `None`: unknown."""

    turns: int = 1
    tokens: int | None = None
    seconds: float | None = None
    joules: float | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """What a room may cost, and what it has since it was last let go on."""

    limits: Mapping[str, float]
    spent: Mapping[str, float]


class Meter:
    """The energy of one reply: power over time, looked at once a second while it is spoken."""

    def __init__(self, power: Power) -> None:
        self._power, self._at, self._watts = power, time.monotonic(), power()
        self._joules: float | None = 0.0 if self._watts is not None else None

    def tick(self) -> None:
        """Words came: look at the power, if the last look is old."""
        if self._joules is not None and time.monotonic() - self._at >= TICK_S:
            self._add()

    def end(self) -> float | None:
        """Joules so far; `None` when the power was unknown at any time."""
        if self._joules is not None:
            self._add()
        return self._joules

    def _add(self) -> None:
        now, watts = time.monotonic(), self._power()
        if watts is None or self._watts is None or self._joules is None:
            self._joules = None
            return
        self._joules += (now - self._at) * (watts + self._watts) / 2
        self._at, self._watts = now, watts


def budget_of(conn: Connection, ref: str) -> Budget:
    """
    Raises:
        RoomNotFound.
    """
    row = book.find_room(conn, ref)
    spent = {name: value for name, value in (row["spent"] or {}).items() if name in LIMITS}
    return Budget(row["limits"] or {}, spent)


def set_limits(
    conn: Connection, ref: str, limits: Mapping[str, float | None]
) -> tuple[Room, StreamEvent]:
    """What the room may cost; `None` takes a limit away, what is not named stays.

    Raises:
        RoomNotFound.
        InvalidInput: no such limit, or not above 0.
    """
    room = book.find_room(conn, ref)
    kept = dict(room["limits"] or {})
    for name, limit in limits.items():
        if name not in LIMITS:
            raise InvalidInput(field="limits", expected=", ".join(LIMITS), found=name)
        if limit is not None and not 0 < limit < 1e12:
            expected = words(N_("a number above 0"))
            raise InvalidInput(field=f"limits.{name}", expected=expected, found=limit)
        kept.pop(name, None)
        if limit is not None:
            kept[name] = limit
    conn.execute(_change(room["id"], limits=kept or None))
    return admin.announced(conn, room["id"])


def spend(
    conn: Connection, room_id: str, cost: Cost, *, damper: bool
) -> tuple[StreamEvent | None, bool]:
    """A reply has ended. The event tells that the room waits from here on.

    `damper`: going in circles makes it wait, too. The second tells whether agents were found to
    talk among themselves, and the room goes on.
    """
    room = Seen(conn, room_id).row
    limits, spent = room["limits"] or {}, dict(room["spent"] or {})
    for name, value in asdict(cost).items():
        if value is not None:
            spent[name] = round(spent.get(name, 0) + value, 3)
    lines = among_agents(conn, room) if damper else []
    reason = _over(limits, spent) or (InCircles() if goes_in_circles(lines) else None)
    if reason is None:
        _SPEND.run(conn, {"room": room_id, "so_far": spent})
        return None, bool(lines)
    stored = reason.reason()
    conn.execute(_change(room_id, spent=spent, halted=asdict(stored)))
    return admin.announced(conn, room_id)[1], False


def let_go_on(conn: Connection, ref: str) -> tuple[Room, StreamEvent]:
    """The room may cost as much again, and is looked at anew.

    Raises:
        RoomNotFound.
    """
    room = book.find_room(conn, ref)
    fresh = {"since_seq": room["last_seq"]}
    conn.execute(_change(room["id"], spent=fresh, halted=None))
    return admin.announced(conn, room["id"])


def woken(conn: Connection, room: Mapping[str, Any]) -> None:
    """A person speaks: that ends a talk that went in circles."""
    if room["halted"] and room["halted"]["code"] == InCircles.code:
        rounds.drop(conn, room["id"])
        spent = {**(room["spent"] or {}), "since_seq": room["last_seq"]}
        conn.execute(_change(room["id"], spent=spent, halted=None))


def _over(limits: Mapping[str, float], spent: Mapping[str, float]) -> RoomHalted | None:
    for name, error in LIMITS.items():
        limit = limits.get(name)
        if limit is not None and spent.get(name, 0) >= limit:
            return error(limit=round(limit))
    return None


def among_agents(conn: Connection, room: Row) -> list[Spoken]:
    """What agents of this app said since a person did, the newest lines, the oldest first.

    Empty unless agents answer agents: somebody has spoken twice since, and in one round. What
    people wrote during a round is answered by one round after it, by everybody once more.
    """
    given = {"room": room["id"], "since": alone_since(conn, room)}
    newest = _AMONG_AGENTS.rows(conn, given)
    round_ = [row for row in reversed(newest) if row["reply_to"] == newest[0]["reply_to"]]
    lines = [Spoken(row["sender"], row["content"]) for row in round_]
    return [] if len({line.speaker for line in lines}) == len(lines) else lines


def alone_since(conn: Connection, room: Row) -> int:
    """The last message of a person, or the one after which somebody let the room go on."""
    let_go_on = int((room["spent"] or {}).get("since_seq", 0))
    return max(_LAST_OF_PEOPLE.scalar(conn, {"room": room["id"]}) or 0, let_go_on)


def halt(conn: Connection, room_id: str, since: int) -> StreamEvent | None:
    """Let a room wait whose agents, alone since message `since`, were seen to go in circles.

    `None`: it waits already, or somebody has come between.
    """
    room = Seen(conn, room_id).row
    if room["halted"] or alone_since(conn, room) != since:
        return None
    conn.execute(_change(room_id, halted=asdict(InCircles().reason())))
    return admin.announced(conn, room_id)[1]


def _change(room_id: str, **values: Any) -> Any:
    return update(t.rooms).where(t.rooms.c.id == room_id).values(**values)
