"""In which order turns that are due cost the fewest loads of models and adapters.

Pure: what is resident goes in, an order comes out. Every model that is not in memory must be
loaded at least once, so an order is as cheap as any when it speaks with those in memory first
and lets turns of one model follow each other. Among such orders it takes the one that leaves
the memory best prepared for the same people's next round, then the one nearest to the policy's.
What a schedule cannot know: a server that gives a model up by itself, and other programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import fsum
from typing import NamedTuple

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


class Slot(NamedTuple):
    """The memory of one model server: what is in it, the longest unused first.

    `capacity_bytes` `None`: unknown, one model at a time.
    """

    resident: tuple[Model, ...] = ()
    capacity_bytes: int | None = None

    def holds(self, model: Model) -> bool:
        for one in self.resident:  # noqa: SIM110  (thrice as fast as any(): asked a thousand times)
            if one.base == model.base:
                return True
        return False

    def use(self, model: Model) -> tuple[Slot, int, int]:
        """The memory after a turn, the models loaded for it (0 or 1), and the adapters switched."""
        base = model.base
        others = [one for one in self.resident if one.base != base]
        if len(others) < len(self.resident):
            here = next(one for one in self.resident if one.base == base)
            adapters = int(here.adapter != model.adapter)
            used = here if not adapters else replace(here, adapter=model.adapter)
            return Slot((*others, used), self.capacity_bytes), 0, adapters
        while others and not self._fits([*others, model]):
            others.pop(0)
        adapters = int(model.adapter is not None)
        return Slot((*others, model), self.capacity_bytes), 1, adapters

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
    here = [group for group in groups if machine.has(group.models[0])]
    missing = [group for group in groups if not machine.has(group.models[0])]
    if len(groups) > MOST_TRIED or len(missing) < 2:
        return [job for group in (*here, *missing) for job in group.jobs]
    place = {job.key: number for number, job in enumerate(jobs)}
    least: tuple[int, float, int] | None = None
    for first in _every_way(_Way(machine.slots), here):
        for way in _every_way(first, missing):  # one at a time: what is kept wakes the collector
            worth = way.worth()
            if least is None or worth < least:
                least, best, near = worth, way, way.moved(place)
            elif worth == least and (moved := way.moved(place)) < near:
                best, near = way, moved
    return [job for group in best.groups for job in group.jobs]


@dataclass(frozen=True, slots=True)
class _Group:
    """Turns that share a base, by adapter. `models`: one of each adapter; the rest is free."""

    jobs: tuple[Job, ...]
    models: tuple[Model, ...]


def _groups(jobs: Sequence[Job], machine: Machine) -> list[_Group]:
    """By their first turn; within it the adapter that is active comes first."""
    found: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        found.setdefault((job.model.server, job.model.base), []).append(job)
    return [_by_adapter(group, machine) for group in found.values()]


def _by_adapter(group: list[Job], machine: Machine) -> _Group:
    first = group[0].model
    slot = machine.slots.get(first.server, Slot())
    active = [one.adapter for one in slot.resident if one.base == first.base]
    order = list(dict.fromkeys([*active, *(job.model.adapter for job in group)]))
    jobs = sorted(group, key=lambda job: order.index(job.model.adapter))
    of_each = {job.model.adapter: job.model for job in reversed(jobs)}
    return _Group(tuple(jobs), tuple(reversed(of_each.values())))


class _Way(NamedTuple):
    """Some groups in one order, and what that has cost; ways that begin alike share their start."""

    slots: Mapping[str, Slot]
    groups: tuple[_Group, ...] = ()
    loads: int = 0
    adapters: int = 0

    def then(self, group: _Group) -> _Way:
        """This way with a group behind it."""
        server = group.models[0].server
        slot = self.slots.get(server)
        if slot is None:
            return self._replace(groups=(*self.groups, group))
        loads, adapters = self.loads, self.adapters
        for model in group.models:
            slot, loaded, switched = slot.use(model)
            loads, adapters = loads + loaded, adapters + switched
        slots = {**self.slots, server: slot}
        return _Way(slots, (*self.groups, group), loads, adapters)

    def worth(self) -> tuple[int, float, int]:
        """Smaller is better: loads now, those of the same people's next round, adapters."""
        again = []
        for group in self.groups:
            model = group.models[0]
            slot = self.slots.get(model.server)
            if slot is not None and not slot.holds(model):
                again.append(model.load_s)
        return self.loads, fsum(again), self.adapters

    def moved(self, place: Mapping[int, int]) -> int:
        """How far it is from the policy's order."""
        far = number = 0
        for group in self.groups:
            for job in group.jobs:
                far += abs(place[job.key] - number)
                number += 1
        return far


def _every_way(way: _Way, groups: Sequence[_Group]) -> Iterator[_Way]:
    """`way` with these groups behind it, in every order."""
    if not groups:
        yield way
    for number, group in enumerate(groups):
        yield from _every_way(way.then(group), [*groups[:number], *groups[number + 1 :]])
