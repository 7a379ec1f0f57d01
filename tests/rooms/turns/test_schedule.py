"""The swap-aware order: fewest loads, and as near to the policy's as they allow."""

from __future__ import annotations

import random
import time
from itertools import permutations

import pytest

from core.rooms.turns.schedule import Job, Machine, Model, Slot, cheapest, cost


def jobs(*models: str, sizes: dict[str, int] | None = None, server: str = "one") -> list[Job]:
    """ "a" is a base, "a+x" one with an adapter."""
    found = []
    for number, name in enumerate(models):
        base, _plus, adapter = name.partition("+")
        size = (sizes or {}).get(base)
        found.append(Job(number, Model(server, base, adapter or None, size, 1.0)))
    return found


def machine(*resident: str, capacity: int | None = None, sizes: dict[str, int] | None = None):
    there = tuple(job.model for job in jobs(*resident, sizes=sizes))
    return Machine({"one": Slot(there, capacity)})


def names(order: list[Job]) -> list[str]:
    return ["+".join(filter(None, (job.model.base, job.model.adapter))) for job in order]


@pytest.mark.parametrize(
    ("due", "resident", "expected", "loads"),
    [
        (["a", "b", "a"], ["b"], ["b", "a", "a"], 1),
        (["a", "b", "a"], ["a"], ["a", "a", "b"], 1),
        (["a", "b", "a", "b"], [], ["a", "a", "b", "b"], 2),
        (["a", "a"], ["a"], ["a", "a"], 0),
        (["a+x", "a", "a+x"], ["a"], ["a", "a+x", "a+x"], 0),
        (["a+x", "b", "a+y", "a+x"], ["a+y"], ["a+y", "a+x", "a+x", "b"], 1),
        ([], ["a"], [], 0),
    ],
)
def test_who_is_in_memory_goes_first_and_models_stay_together(due, resident, expected, loads):
    order = cheapest(jobs(*due), machine(*resident))
    assert names(order) == expected
    assert cost(order, machine(*resident)).loads == loads


def test_the_policys_order_stays_where_it_costs_nothing():
    assert [job.key for job in cheapest(jobs("a", "a", "a"), machine("a"))] == [0, 1, 2]
    free = jobs("a", "b", "a", server="a server that holds everything")
    assert [job.key for job in cheapest(free, machine())] == [0, 1, 2]


def test_it_leaves_behind_what_the_next_round_needs():
    sizes = {"big": 6, "small": 2, "tiny": 3}
    due = jobs("small", "big", "tiny", sizes=sizes)
    order = cheapest(due, machine(capacity=6))
    # Big first: then small and tiny fit together and are there next time.
    assert names(order)[0] == "big"
    assert len(cost(order, machine(capacity=6)).after.slots["one"].resident) == 2


def test_no_order_is_cheaper():
    chance = random.Random(2)
    for _ in range(60):
        sizes = {name: chance.randint(1, 5) for name in "abc"}
        due = jobs(*(chance.choice("abc") for _ in range(chance.randint(1, 6))), sizes=sizes)
        start = machine(*chance.sample("abc", chance.randint(0, 1)), capacity=6, sizes=sizes)
        best = min(cost(order, start).loads for order in permutations(due))
        made = cost(cheapest(due, start), start).loads
        assert made == best
        assert made <= cost(due, start).loads


def test_a_model_of_unknown_size_is_taken_to_need_everything():
    assert cost(jobs("a", "b", "a"), machine(capacity=100)).loads == 3
    known = {"a": 1, "b": 1}
    assert cost(jobs("a", "b", "a", sizes=known), machine(capacity=100)).loads == 2


def test_the_longest_planning_takes_less_than_a_millisecond_of_the_processor():
    sizes = {"a": 12, "b": 20, "c": 25, "d": 56}
    due, empty = jobs(*"abcdabcdab", sizes=sizes), machine(capacity=60)
    taken = []
    for _ in range(50):
        began = time.thread_time()
        cheapest(due, empty)
        taken.append(time.thread_time() - began)
    assert min(taken) < 0.001  # others' load, and the collector's, left out
