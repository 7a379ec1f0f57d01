"""The numbers that rules can watch: those of a point in the history, and what follows from them.

`gpu.N.throttled` 1 while heat or a weak power supply slow the card; `gpu.N.other_bytes` memory
that no known model holds; `gpu.N.idle_utilization_percent` its load while nobody has asked for
anything, 0 otherwise; `model.REF.speed_share` tokens per second lately against what is usual for
that model; `server.NAME.away` 1 while a model server that was there does not answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.hardware.series import point_of
from core.hardware.snapshot import Gpu, Snapshot

SLOWED = frozenset(
    {"hw_slowdown", "sw_thermal_slowdown", "hw_thermal_slowdown", "hw_power_brake_slowdown"}
)


@dataclass(frozen=True, slots=True)
class Work:
    """What the app is doing: whether anything is asked for, and each model's `speed_share`."""

    busy: bool = False
    speeds: Mapping[str, float] = field(default_factory=dict)


class Signals:
    """Makes them, once a snapshot. For one thread."""

    def __init__(self) -> None:
        self._readings = 0
        self._silent: Counter[str] = Counter()

    def of(self, now: Snapshot, work: Work) -> dict[str, float]:
        """By name; what is unknown has none."""
        found = dict(point_of(now).values)
        for gpu in () if now.gpus_stale else now.gpus:
            found |= _of_gpu(gpu, now, work)
        found |= {f"model.{ref}.speed_share": share for ref, share in work.speeds.items()}
        if not now.models_stale:
            found |= self._servers(now)
        return found

    def _servers(self, now: Snapshot) -> dict[str, float]:
        """A server that was silent from the start was never there."""
        self._readings += 1
        self._silent.update(now.silent)
        return {
            f"server.{name}.away": float(name in now.silent)
            for name, silent in self._silent.items()
            if silent < self._readings
        }


def _of_gpu(gpu: Gpu, now: Snapshot, work: Work) -> dict[str, float]:
    start, found = f"gpu.{gpu.index}.", {}
    if gpu.throttle_reasons is not None:
        found[start + "throttled"] = float(bool(SLOWED & set(gpu.throttle_reasons)))
    if gpu.utilization_percent is not None:
        found[start + "idle_utilization_percent"] = 0 if work.busy else gpu.utilization_percent
    if gpu.memory_used_bytes is not None and len(now.gpus) == 1:
        models = sum(model.vram_bytes or 0 for model in now.models)
        found[start + "other_bytes"] = max(0, gpu.memory_used_bytes - models)
    return found
