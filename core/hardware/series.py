"""What is kept of a snapshot for its history: numbers by name, and means of them.

Names are a snapshot's own; a card's begin with `gpu.0.`, a model's with `model.REF.`. A number
that was unknown has no name in that point, so it is never drawn as zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from core.hardware.snapshot import Gpu, Resident, Snapshot

HOST = (
    "cpu_percent",
    "memory_used_bytes",
    "memory_total_bytes",
    "swap_used_bytes",
    "disk_free_bytes",
    "process_cpu_percent",
    "process_memory_bytes",
)
GPU = (
    "memory_used_bytes",
    "memory_reserved_bytes",
    "memory_total_bytes",
    "utilization_percent",
    "temperature_celsius",
    "power_watts",
    "graphics_clock_mhz",
    "pcie_sent_bytes_per_s",
    "pcie_received_bytes_per_s",
)


@dataclass(frozen=True, slots=True)
class Point:
    """The numbers of one moment, or their means from `at` (seconds since the epoch) on."""

    at: float
    values: Mapping[str, float]


def point_of(snapshot: Snapshot) -> Point:
    """The numbers of a snapshot; cards that were not read anew have none."""
    values = {name: getattr(snapshot, name) for name in HOST}
    for gpu in () if snapshot.gpus_stale else snapshot.gpus:
        values |= _of_gpu(gpu)
    for model in snapshot.models:
        values |= _of_model(model)
    return Point(snapshot.at, {name: one for name, one in values.items() if one is not None})


def means(points: Iterable[Point], step_s: float) -> list[Point]:
    """One point for each `step_s` seconds that have any, in order of time."""
    found = []
    for slot, group in groupby(points, key=lambda point: point.at // step_s):
        inside = [point.values for point in group]
        found.append(Point(slot * step_s, inside[0] if len(inside) == 1 else _mean(inside)))
    return found


def _of_gpu(gpu: Gpu) -> dict[str, float | None]:
    return {f"gpu.{gpu.index}.{name}": getattr(gpu, name) for name in GPU}


def _of_model(model: Resident) -> dict[str, float | None]:
    start = f"model.{model.ref}."
    return {
        start + "resident": 1,  # the mean is the share of time in which it was there
        start + "memory_bytes": model.memory_bytes,
        start + "vram_bytes": model.vram_bytes,
        start + "adapters_bytes": model.adapters_bytes or None,
        start + "adapters_vram_bytes": model.adapters_vram_bytes or None,
    }


def _mean(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for row in rows for name in row)
    return dict(_means_of(rows, names))


def _means_of(
    rows: Sequence[Mapping[str, float]], names: Iterable[str]
) -> Iterator[tuple[str, float]]:
    for name in names:
        there = [row[name] for row in rows if name in row]
        # Whether a model was there is a share of all the time, of the other numbers only what
        # is known counts.
        count = len(rows) if name.endswith(".resident") else len(there)
        mean = sum(there) / count
        yield name, round(mean) if "_bytes" in name else round(mean, 2)
