"""How long two things take, side by side, so that a busy machine slows both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

RUNS = 5


def medians_ms(*things: Callable[[], object], runs: int = RUNS) -> list[float]:
    """The median milliseconds of each thing over `runs` rounds, after one that does not count."""
    taken: list[list[float]] = [[] for _ in things]
    for number in range(runs + 1):
        for thing, times in zip(things, taken, strict=True):
            began = time.perf_counter()
            thing()
            if number:
                times.append(1000 * (time.perf_counter() - began))
    return [statistics.median(times) for times in taken]
