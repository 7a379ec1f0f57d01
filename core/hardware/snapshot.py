"""One reading of the machine, frozen: screens and tests get this and never ask a device.

Sizes are bytes, shares percent. `None` means unknown, never zero: a driver may answer some
questions and refuse others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import psutil


@dataclass(frozen=True, slots=True)
class Gpu:
    """One NVIDIA card, as its driver tells."""

    name: str | None
    memory_used_bytes: int | None
    memory_total_bytes: int | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The host, its cards (empty without any that NVML sees), and when it was read."""

    at: float  # seconds since the epoch
    cpu_percent: float | None  # of all cores, since the reading before
    memory_used_bytes: int
    memory_total_bytes: int
    gpus: tuple[Gpu, ...] = ()


def read_snapshot() -> Snapshot:
    """Read everything once. Never raises; takes well under a millisecond without a card."""
    memory = psutil.virtual_memory()
    return Snapshot(
        at=time.time(),
        cpu_percent=psutil.cpu_percent(interval=None),
        memory_used_bytes=memory.total - memory.available,
        memory_total_bytes=memory.total,
        gpus=_read_gpus(),
    )


def _read_gpus() -> tuple[Gpu, ...]:
    nvml, handles = _cards()
    found = []
    for handle in handles:
        memory = _asked(partial(nvml.nvmlDeviceGetMemoryInfo, handle))
        found.append(
            Gpu(
                name=_asked(partial(nvml.nvmlDeviceGetName, handle)),
                memory_used_bytes=memory.used if memory else None,
                memory_total_bytes=memory.total if memory else None,
            )
        )
    return tuple(found)


@lru_cache(maxsize=1)
def _cards() -> tuple[Any, tuple[Any, ...]]:
    """NVML and a handle for each card; without driver or card, none."""
    try:
        import pynvml

        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        return pynvml, tuple(pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(count))
    except Exception:
        # Library absent, driver mismatched, no permission: all are a machine without a card.
        return None, ()


def _asked(question: Callable[[], Any]) -> Any:
    # Any NVML call can fail at any time with any code; the answer is then unknown.
    try:
        return question()
    except Exception:
        return None
