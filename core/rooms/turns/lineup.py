"""One queue for each model server, shared by all rooms: who may ask it next.

A server with little memory swaps models when rooms take turns blindly. So whoever waits for a
model that is in memory may go before others, but nobody is passed over more than `PATIENCE`
times: then they are next, oldest first, and nobody slips in before them. Among equals the room
goes first that was served longest ago.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from core.providers.base import Place

PATIENCE = 4
STEP_S = 0.1  # how soon a wait notices that it is not wanted any more


@dataclass
class Waiting:
    """A room that waits. `number` counts who came first, `passed` how often others went before."""

    room: str
    agent: str
    model: str
    number: int
    passed: int = 0


@dataclass
class _Line:
    """One server's queue."""

    waiting: list[Waiting] = field(default_factory=list)
    running: list[Waiting] = field(default_factory=list)
    served: dict[str, int] = field(default_factory=dict)  # room -> when, in turns
    last_model: str | None = None


Resident = Callable[[str], frozenset[str]]


class Queue:
    """The queues of all servers. Thread-safe.

    `resident(place)` names the models that are known to be in a server's memory.
    """

    def __init__(self, resident: Resident = lambda _place: frozenset()) -> None:
        self._resident = resident
        self._changed = threading.Condition()
        self._lines: dict[str, _Line] = {}
        self._numbers = itertools.count(1)

    def ticket(self, room: str) -> Ticket:
        """What a room waits with. Release it when the turn has ended."""
        return Ticket(self, room)

    def waiting(self) -> dict[str, tuple[Waiting, ...]]:
        """Who waits at each server, in the order in which they came."""
        with self._changed:
            return {name: tuple(line.waiting) for name, line in self._lines.items() if line.waiting}

    def ahead(self, room: str) -> int | None:
        """How many turns others wait for or run where this room waits; `None`: it does not wait."""
        with self._changed:
            for line in self._lines.values():
                for mine in line.waiting:
                    if mine.room == room:
                        before = sum(one.number < mine.number for one in line.waiting)
                        return before + len(line.running)
        return None

    # --- for tickets ------------------------------------------------------------------------

    def _try(self, place: Place, wish: Waiting) -> bool:
        with self._changed:
            line = self._lines.setdefault(place.name, _Line())
            if line.waiting or not self._free(line, place, wish.model):
                return False
            self._admit(line, wish)
            return True

    def _wait(self, place: Place, wish: Waiting, wanted: Callable[[], bool]) -> bool:
        with self._changed:
            line = self._lines.setdefault(place.name, _Line())
            line.waiting.append(wish)
            try:
                while wanted():
                    if self._next(line, place) is wish:
                        self._admit(line, wish)
                        return True
                    self._changed.wait(STEP_S)
                return False
            finally:
                line.waiting.remove(wish)
                self._changed.notify_all()

    def _release(self, place: Place, wish: Waiting) -> None:
        with self._changed:
            line = self._lines[place.name]
            line.running.remove(wish)
            self._changed.notify_all()

    def _admit(self, line: _Line, wish: Waiting) -> None:
        for other in line.waiting:
            other.passed += other is not wish
        line.running.append(wish)
        line.served[wish.room] = next(self._numbers)
        line.last_model = wish.model

    def _next(self, line: _Line, place: Place) -> Waiting | None:
        here = self._resident(place.name) | {line.last_model or ""}
        chosen = choose(line.waiting, here, line.served)
        return chosen if chosen and self._free(line, place, chosen.model) else None

    def _free(self, line: _Line, place: Place, model: str) -> bool:
        same = sum(one.model == model for one in line.running)
        if same:
            return same < place.parallel
        if not line.running or not place.limited:
            return True
        # Another model may run beside it only when that displaces nobody.
        here = self._resident(place.name)
        return model in here and all(one.model in here for one in line.running)


class Ticket:
    """One room's way through the queues; a context manager. Used by one thread at a time.

    At its end it gives back what it holds, and takes nothing any more.
    """

    def __init__(self, queue: Queue, room: str) -> None:
        self._queue, self._room = queue, room
        self._held: tuple[Place, Waiting] | None = None
        self._over = False

    def try_take(self, place: Place, model: str, agent: str) -> bool:
        """Take a free place at once; true also when this ticket holds that very place."""
        if self._over:
            return False
        if self._held is not None:
            held, wish = self._held
            if (held.name, wish.model) == (place.name, model):
                return True
            self.release()
        wish = self._wish(model, agent)
        if place.parallel and not self._queue._try(place, wish):
            return False
        self._held = (place, wish) if place.parallel else None
        return True

    def take(self, place: Place, model: str, agent: str, wanted: Callable[[], bool]) -> bool:
        """Wait for a place; false when it is not `wanted` any more."""
        if self.try_take(place, model, agent):
            return True
        wish = self._wish(model, agent)
        if self._over or not self._queue._wait(place, wish, wanted):
            return False
        self._held = (place, wish)
        return True

    def release(self) -> None:
        """Let the next one in. Safe to call when nothing is held."""
        if self._held is not None:
            self._queue._release(*self._held)
            self._held = None

    def _wish(self, model: str, agent: str) -> Waiting:
        return Waiting(self._room, agent, model, next(self._queue._numbers))

    def __enter__(self) -> Ticket:
        return self

    def __exit__(self, *_error: object) -> None:
        self._over = True
        self.release()


def choose(
    waiting: Sequence[Waiting], resident: frozenset[str], served: Mapping[str, int]
) -> Waiting | None:
    """Who is next: whoever was passed over too often, else whose model is in memory, fairly."""
    if not waiting:
        return None
    overdue = [one for one in waiting if one.passed >= PATIENCE]
    if overdue:
        return min(overdue, key=lambda one: one.number)
    return min(
        waiting,
        key=lambda one: (one.model not in resident, served.get(one.room, 0), one.number),
    )
