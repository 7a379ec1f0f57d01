"""The loads of one round: those that were made, and those of the policy's own order."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from core.rooms.turns.places import Need
from core.rooms.turns.schedule import Job, Machine, cost

TURN = 1_000  # a turn comes after the questions that chose it

# What a call is known by: the position of its turn, and the number of the question, or TURN.
Mark = tuple[int, int]


@dataclass
class Tally:
    """What is counted of the round that people's message `trigger_seq` began.

    `start` is what was in memory before its first call. The models that are asked who comes
    next count like those that speak. Calls are kept by their mark, so that a transaction which
    is repeated counts once.
    """

    trigger_seq: int = -1
    start: Machine = field(default_factory=Machine)
    ran: dict[Mark, Need] = field(default_factory=dict)
    loads: dict[Mark, float] = field(default_factory=dict)  # seconds

    def began(self, trigger_seq: int, machine: Machine) -> None:
        """A call of this round begins; another round begins to count anew."""
        if trigger_seq != self.trigger_seq:
            self.trigger_seq, self.start = trigger_seq, machine
            self.ran, self.loads = {}, {}
            return
        new = {name: slot for name, slot in machine.slots.items() if name not in self.start.slots}
        if new:
            self.start = Machine({**self.start.slots, **new})

    def figures(self, load_s: Callable[[str], float]) -> tuple[int, int, float | None]:
        """Loads made, loads of the policy's order, and the seconds that were saved.

        `load_s` tells how long a base takes to load, 0.0 when unknown; then this round's own
        loads tell. `None` seconds: nobody knows.
        """
        guess = statistics.mean(self.loads.values()) if self.loads else 0.0
        in_order = [self._timed(self.ran[mark].job, load_s, guess) for mark in sorted(self.ran)]
        naive = cost(in_order, self.start)
        made = len(self.loads)
        if naive.loads <= made:
            return made, made, 0.0
        saved = max(0.0, naive.seconds - sum(self.loads.values()))
        return made, naive.loads, round(saved, 2) or None

    def _timed(self, job: Job, load_s: Callable[[str], float], guess: float) -> Job:
        return replace(job, model=replace(job.model, load_s=load_s(job.model.base) or guess))
