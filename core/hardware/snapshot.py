"""One reading of the machine, frozen: screens and tests get this and never ask a device.

Sizes are bytes, shares percent. `None` means unknown, never zero: a driver may answer some
questions and refuse others.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A program that holds memory of a card. Under WSL2 and Windows its size is unknown."""

    pid: int
    name: str | None
    memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class Gpu:
    """One NVIDIA card, as its driver tells.

    `memory_used_bytes` is what programs hold; the driver's own part is `memory_reserved_bytes`.
    `throttle_reasons` has nvidia-smi's names, "gpu_idle" included; empty: it runs freely.
    `lost` tells that the card was there and does not answer any more.
    """

    index: int
    uuid: str | None = None
    name: str | None = None
    memory_used_bytes: int | None = None
    memory_free_bytes: int | None = None
    memory_reserved_bytes: int | None = None
    memory_total_bytes: int | None = None
    utilization_percent: int | None = None
    memory_utilization_percent: int | None = None  # share of time in which memory was moved
    temperature_celsius: int | None = None
    power_watts: float | None = None
    power_limit_watts: float | None = None
    graphics_clock_mhz: int | None = None
    memory_clock_mhz: int | None = None
    throttle_reasons: tuple[str, ...] | None = None
    pcie_generation: int | None = None
    pcie_lanes: int | None = None
    pcie_sent_bytes_per_s: int | None = None
    pcie_received_bytes_per_s: int | None = None
    processes: tuple[GpuProcess, ...] | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Resident:
    """A model in memory, or on its way there. `pid` is its process where it is one of ours.

    `adapters_bytes` and `adapters_vram_bytes` are the share of the adapters over it, inside of
    the other two.
    """

    ref: str
    memory_bytes: int | None = None  # of the host
    vram_bytes: int | None = None
    pid: int | None = None
    loading: bool = False
    adapters_bytes: int | None = None
    adapters_vram_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Residency:
    """The models in memory, and the providers that did not tell theirs."""

    models: tuple[Resident, ...] = ()
    silent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The host, its cards, the models in memory, and when all that was read.

    `cpu_percent` is of all cores together, `process_cpu_percent` of one core, both since the
    reading before. Without a card `gpus` is empty and `gpu_problem` says why: "absent",
    "mismatched" (library and kernel module), "forbidden", "failed", or "silent": the driver does
    not answer. `gpus_stale` then tells that `gpus` are those of `gpus_at`.
    """

    at: float  # seconds since the epoch
    cpu_percent: float | None
    memory_used_bytes: int
    memory_total_bytes: int
    swap_used_bytes: int | None = None
    swap_total_bytes: int | None = None
    disk_free_bytes: int | None = None  # where the data folder lies
    disk_total_bytes: int | None = None
    process_cpu_percent: float | None = None
    process_memory_bytes: int | None = None
    process_threads: int | None = None
    gpus: tuple[Gpu, ...] = ()
    gpu_problem: str | None = None
    gpus_at: float | None = None
    gpus_stale: bool = False
    models: tuple[Resident, ...] = ()
    models_stale: bool = False  # `models` are those of a reading before
    silent: tuple[str, ...] = ()  # providers whose models are unknown just now
