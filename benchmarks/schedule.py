"""`bench schedule`: the swap-aware order against the policy's own, over simulated rooms.

1,000 seeded rooms: 2 to 10 agents and 1 to 4 models, both uniform; each agent has one of the
models for good, and everybody answers in each of ten rounds. One memory of 6 GB, what is in it
carried from round to round in both ways; models of 1.2 to 5.6 GB, so that now and then two fit.
The answers are the same in both: the same turns with the same models.

`optimal_share`: of the rounds with up to 8 turns, those in which no order at all loads less from
the same memory; every order is searched. `worse_than_naive`: rooms, or single rounds from the
same memory, in which the schedule loads more.
"""

from __future__ import annotations

import gc
import random
import sqlite3
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache

from core.rooms.turns.schedule import Job, Machine, Model, Slot, cheapest, cost
from core.settings import load_settings

ROOMS, ROUNDS, SEED = 1_000, 10, 6
CAPACITY_BYTES = 6 * 10**9
SMALLEST_BYTES, LARGEST_BYTES = 12 * 10**8, 56 * 10**8
SEARCHED_TURNS = 8
SERVER = "one"


def run(runs: int) -> dict[str, object]:
    """The rooms are the same in every run: only the planning times differ, and are pooled."""
    measured, source = load_times()
    totals = _Totals()
    gc.freeze()  # as in the app once it has started: what was loaded is not looked through again
    for number in range(runs):
        for room in _rooms(measured):
            _simulate(room, totals, search=number == 0)
    millis = sorted(1000 * one for one in totals.planning_s)
    worked = sorted(1000 * one for one in totals.worked_s)
    cuts = statistics.quantiles(millis, n=100, method="inclusive")
    return {
        "loads_ratio": round(totals.loads / totals.naive_loads, 4),
        "worse_than_naive": totals.worse,
        "optimal_share": round(totals.optimal / totals.searched, 4),
        "rounds_searched": totals.searched,
        "loads": totals.loads // runs,
        "naive_loads": totals.naive_loads // runs,
        "load_seconds_ratio": round(totals.seconds / totals.naive_seconds, 4),
        "planning_ms_p50": round(cuts[49], 4),
        "planning_ms_p99": round(cuts[98], 4),
        "planning_ms_max": round(millis[-1], 4),
        "planning_cpu_ms_p50": round(worked[len(worked) // 2], 4),
        "planning_cpu_ms_p99": round(worked[len(worked) * 99 // 100], 4),
        "planning_cpu_ms_max": round(worked[-1], 4),
        "rooms": ROOMS,
        "rounds": ROUNDS,
        "load_times": source,
    }


class _Totals:
    def __init__(self) -> None:
        self.loads = self.naive_loads = self.worse = self.optimal = self.searched = 0
        self.seconds = self.naive_seconds = 0.0
        self.planning_s: list[float] = []
        self.worked_s: list[float] = []  # in processor time: what others do is left out


def load_times() -> tuple[list[float], str]:
    """Seconds that loads took on this machine: those of the data folder, else measured now."""
    database = load_settings().paths.database
    if database.is_file():
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT seconds FROM loads WHERE seconds > 0").fetchall()
        if rows:
            return [row[0] for row in rows], f"{len(rows)} loads of this data folder"
    from benchmarks.starter_loads import measured

    found = measured(3)
    return found, f"{len(found)} loads of the starter, measured now"


def _rooms(measured: Sequence[float]) -> Iterator[list[Job]]:
    chance = random.Random(SEED)
    for _ in range(ROOMS):
        agents, models = chance.randint(2, 10), chance.randint(1, 4)
        there = [
            Model(
                SERVER,
                f"model {number}",
                size_bytes=chance.randint(SMALLEST_BYTES, LARGEST_BYTES),
                load_s=chance.choice(measured),
            )
            for number in range(models)
        ]
        yield [Job(number, chance.choice(there)) for number in range(agents)]


def _simulate(jobs: list[Job], totals: _Totals, *, search: bool) -> None:
    empty = Machine({SERVER: Slot(capacity_bytes=CAPACITY_BYTES)})
    ours = naive = empty
    loads = naive_loads = 0
    for _ in range(ROUNDS):
        began, worked = time.perf_counter(), time.thread_time()
        order = cheapest(jobs, ours)
        totals.planning_s.append(time.perf_counter() - began)
        totals.worked_s.append(time.thread_time() - worked)
        assert sorted(job.key for job in order) == [job.key for job in jobs]
        made, other = cost(order, ours), cost(jobs, naive)
        if search:
            totals.worse += made.loads > cost(jobs, ours).loads
            if len(jobs) <= SEARCHED_TURNS:
                totals.searched += 1
                totals.optimal += made.loads == fewest(jobs, ours)
        loads, naive_loads = loads + made.loads, naive_loads + other.loads
        totals.seconds += made.seconds
        totals.naive_seconds += other.seconds
        ours, naive = made.after, other.after
    totals.loads, totals.naive_loads = totals.loads + loads, totals.naive_loads + naive_loads
    totals.worse += search and loads > naive_loads


def fewest(jobs: Sequence[Job], machine: Machine) -> int:
    """The loads of the best of all orders: every one is tried, equal turns being equal."""
    models = tuple(dict.fromkeys(job.model for job in jobs))

    @cache
    def search(left: tuple[int, ...], slot: Slot) -> int:
        if not any(left):
            return 0
        found = []
        for number, model in enumerate(models):
            if left[number]:
                after, loaded, _adapters = slot.use(model)
                rest = tuple(count - (place == number) for place, count in enumerate(left))
                found.append(loaded + search(rest, after))
        return min(found)

    counts = tuple(sum(job.model == model for job in jobs) for model in models)
    return search(counts, machine.slots[SERVER])
