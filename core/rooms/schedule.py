"""In which order turns that are due cost the fewest loads of models and adapters.

Pure: what is resident goes in, an order comes out. Every model that is not in memory must be
loaded at least once, so an order is as cheap as any when it speaks with those in memory first
and lets turns of one model follow each other. Among such orders it takes the one that leaves
the memory best prepared for the same people's next round, then the one nearest to the policy's.
What a schedule cannot know: a server that gives a model up by itself, and other programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations

MOST_TRIED = 4  # groups whose orders are all tried: 24, well below a millisecond


@dataclass(frozen=True, slots=True)
class Model:
    """What a turn needs in memory: a base, perhaps with an adapter.

    `server` keeps it. `size_bytes` `None`: unknown; it is then taken to need all of a memory.
    """

    server: str
    base: str
    adapter: str | None = None
    size_bytes: int | None = None
    load_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """One turn: `key` is the caller's."""

    key: int
    model: Model


@dataclass(frozen=True, slots=True)
class Slot:
    """The memory of one model server: what is in it, the longest unused first.

    `capacity_bytes` `None`: unknown, one model at a time.
    """

    resident: tuple[Model, ...] = ()
    capacity_bytes: int | None = None

    def holds(self, model: Model) -> bool:
        return any(one.base == model.base for one in self.resident)

    def use(self, model: Model) -> tuple[Slot, int, int]:
        """The memory after a turn, the models loaded for it (0 or 1), and the adapters switched."""
        here = next((one for one in self.resident if one.base == model.base), None)
        others = [one for one in self.resident if one.base != model.base]
        if here is not None:
            adapters = int(here.adapter != model.adapter)
            used = replace(here, adapter=model.adapter)
            return replace(self, resident=(*others, used)), 0, adapters
        while others and not self._fits([*others, model]):
            others.pop(0)
        adapters = int(model.adapter is not None)
        return replace(self, resident=(*others, model)), 1, adapters

    def _fits(self, models: Sequence[Model]) -> bool:
        if self.capacity_bytes is None:
            return len(models) == 1
        total = 0
        for one in models:
            if one.size_bytes is None:
                return len(models) == 1
            total += one.size_bytes
        return total <= self.capacity_bytes


@dataclass(frozen=True, slots=True)
class Machine:
    """The memories of all servers, by name; one that is not there holds everything already."""

    slots: Mapping[str, Slot] = field(default_factory=dict)

    def has(self, model: Model) -> bool:
        """Whether a turn with this model loads nothing."""
        slot = self.slots.get(model.server)
        return slot is None or slot.holds(model)


@dataclass(frozen=True, slots=True)
class Cost:
    """What an order costs: loads of models, their seconds, switches of adapters; what is left."""

    loads: int
    seconds: float
    adapters: int
    after: Machine


def cost(jobs: Iterable[Job], machine: Machine) -> Cost:
    """What it costs to run the turns in the order given."""
    slots = dict(machine.slots)
    loads = adapters = 0
    seconds = 0.0
    for job in jobs:
        slot = slots.get(job.model.server)
        if slot is None:
            continue
        slots[job.model.server], loaded, switched = slot.use(job.model)
        loads, adapters = loads + loaded, adapters + switched
        seconds += job.model.load_s if loaded else 0.0
    return Cost(loads, seconds, adapters, Machine(slots))


def cheapest(jobs: Sequence[Job], machine: Machine) -> list[Job]:
    """The turns in the order of fewest loads; those that cost nothing either way keep theirs."""
    if not any(job.model.server in machine.slots for job in jobs):
        return list(jobs)
    groups = _groups(jobs, machine)
    here = [group for group in groups if machine.has(group[0].model)]
    missing = [group for group in groups if not machine.has(group[0].model)]
    if len(groups) > MOST_TRIED or len(missing) < 2:
        return [job for group in (*here, *missing) for job in group]
    place = {job.key: number for number, job in enumerate(jobs)}
    candidates = (
        [job for group in (*first, *then) for job in group]
        for first in permutations(here)
        for then in permutations(missing)
    )
    return min(candidates, key=lambda order: _worth(order, machine, place))


def _groups(jobs: Sequence[Job], machine: Machine) -> list[list[Job]]:
    """Turns that share a base, by their first one; within it by adapter, the active one first."""
    found: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        found.setdefault((job.model.server, job.model.base), []).append(job)
    return [_by_adapter(group, machine) for group in found.values()]


def _by_adapter(group: list[Job], machine: Machine) -> list[Job]:
    slot = machine.slots.get(group[0].model.server)
    if slot is None:
        return group
    active = [one.adapter for one in slot.resident if one.base == group[0].model.base]
    order = list(dict.fromkeys([*active, *(job.model.adapter for job in group)]))
    return sorted(group, key=lambda job: order.index(job.model.adapter))


def _worth(
    order: Sequence[Job], machine: Machine, place: Mapping[int, int]
) -> tuple[int, float, int, int]:
    """Smaller is better: loads now, loads of the same people's next round, then moved turns."""
    now = cost(order, machine)
    bases = {(job.model.server, job.model.base): job.model for job in order}
    again = [model for model in bases.values() if not now.after.has(model)]
    moved = sum(abs(place[job.key] - number) for number, job in enumerate(order))
    return now.loads, sum(model.load_s for model in again), now.adapters, moved
