"""Two ways of doing one thing, measured in turns: A B, B A, A B, …

A machine that warms up, or that others use, then favours neither; what counts is how the two of
each pair compare, not how fast each was at its own time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import comb
from statistics import median
from typing import Any, TypeVar

Found = TypeVar("Found")
TRUST = 0.95


def in_turns(
    ours: Callable[[int], Found], theirs: Callable[[int], Found], numbers: Iterable[int]
) -> list[tuple[Found, Found]]:
    """(ours, theirs) for each of `numbers`; every second pair begins with the other way."""
    found = []
    for number in numbers:
        if number % 2:
            other, mine = theirs(number), ours(number)
        else:
            mine, other = ours(number), theirs(number)
        found.append((mine, other))
    return found


def ratio(name: str, ratios: Sequence[float]) -> dict[str, Any]:
    """The median of the pairs' ratios, and where it lies with 95 % trust."""
    low, high = interval(ratios)
    return {name: round(median(ratios), 3), f"{name}_interval": [round(low, 3), round(high, 3)]}


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the median lies, by ranks alone; for less than six values, from the least to the most.

    The median is outside of the k-th least and k-th greatest as often as fewer than k of n fair
    coins show heads, or fewer than k tails.
    """
    ordered, n = sorted(values), len(values)
    outside, k = 0.0, 0
    while True:
        outside += 2 * comb(n, k) / 2**n
        if outside > 1 - TRUST:
            break
        k += 1
    k = max(k, 1)
    return ordered[k - 1], ordered[n - k]
