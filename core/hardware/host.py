"""The machine without its cards: processor, memory, swap, disk, and this very process."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import psutil

from core.hardware.snapshot import Snapshot

T = TypeVar("T")

SHORTEST_S = 0.1  # over a shorter time a share of the processor says nothing


class HostReader:
    """Reads the host; shares are of the time since the reading before. For one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = psutil.Process()
        self._cores = _Share(_core_seconds)
        self._own = _Share(self._own_seconds)

    def read(self) -> Snapshot:
        """What the host is like now, without cards and models. Never raises."""
        memory = psutil.virtual_memory()
        swap = known(psutil.swap_memory)
        disk = known(lambda: psutil.disk_usage(str(self._folder)))
        own = known(self._process.memory_info)
        return Snapshot(
            at=time.time(),
            cpu_percent=self._cores.percent(),
            memory_used_bytes=memory.total - memory.available,
            memory_total_bytes=memory.total,
            swap_used_bytes=swap.used if swap else None,
            swap_total_bytes=swap.total if swap else None,
            disk_free_bytes=disk.free if disk else None,
            disk_total_bytes=disk.total if disk else None,
            process_cpu_percent=self._own.percent(),
            process_memory_bytes=own.rss if own else None,
            process_threads=known(self._process.num_threads),
        )

    def _own_seconds(self) -> tuple[float, float]:
        times = self._process.cpu_times()
        return times.user + times.system, time.monotonic()


class _Share:
    """How much of some time was used, between two readings of (used, passed) seconds."""

    def __init__(self, seconds: Callable[[], tuple[float, float]]) -> None:
        self._seconds = seconds
        self._before = known(seconds)
        self._percent: float | None = None

    def percent(self) -> float | None:
        now = known(self._seconds)
        if now is None or self._before is None:
            self._before, self._percent = now, None
        elif now[1] - self._before[1] >= SHORTEST_S:
            used, passed = now[0] - self._before[0], now[1] - self._before[1]
            self._before, self._percent = now, round(max(0.0, 100 * used / passed), 1)
        return self._percent


def _core_seconds() -> tuple[float, float]:
    times: Any = psutil.cpu_times()
    # Linux counts the time of guests in `user` and `nice` already.
    passed = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return passed - times.idle - getattr(times, "iowait", 0.0), passed


def known(question: Callable[[], T]) -> T | None:
    """The answer of the system, `None` when it refuses."""
    with suppress(psutil.Error, OSError, RuntimeError, ValueError):
        return question()
    return None
