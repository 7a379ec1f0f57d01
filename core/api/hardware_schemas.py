"""What the routes of the machine give, for /docs. `null` means unknown, never zero."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

Problem = Literal["absent", "mismatched", "forbidden", "failed", "silent"]


class GpuProcessOut(BaseModel):
    pid: int
    name: str | None
    memory_bytes: int | None


class GpuOut(BaseModel):
    """One NVIDIA card, as its driver tells."""

    index: int
    uuid: str | None
    name: str | None
    memory_used_bytes: int | None
    memory_free_bytes: int | None
    memory_reserved_bytes: int | None = Field(description="The driver's own part.")
    memory_total_bytes: int | None
    utilization_percent: int | None
    memory_utilization_percent: int | None
    temperature_celsius: int | None
    power_watts: float | None
    power_limit_watts: float | None
    graphics_clock_mhz: int | None
    memory_clock_mhz: int | None
    throttle_reasons: list[str] | None = Field(description="As nvidia-smi names them.")
    pcie_generation: int | None
    pcie_lanes: int | None
    pcie_sent_bytes_per_s: int | None
    pcie_received_bytes_per_s: int | None
    processes: list[GpuProcessOut] | None
    lost: bool = Field(description="It was there and does not answer any more.")


class ResidentOut(BaseModel):
    """A model in memory."""

    ref: str
    memory_bytes: int | None
    vram_bytes: int | None
    adapters_bytes: int | None = Field(description="Of `memory_bytes`, what adapters hold.")
    adapters_vram_bytes: int | None = Field(description="Of `vram_bytes`, what adapters hold.")
    pid: int | None
    loading: bool = Field(description="It is on its way there.")


class HardwareOut(BaseModel):
    """`null` means unknown, never zero; without a card `gpus` is empty."""

    at: float = Field(description="Seconds since 1970.")
    cpu_percent: float | None
    memory_used_bytes: int
    memory_total_bytes: int
    swap_used_bytes: int | None
    swap_total_bytes: int | None
    disk_free_bytes: int | None
    disk_total_bytes: int | None
    process_cpu_percent: float | None
    process_memory_bytes: int | None
    process_threads: int | None
    gpus: list[GpuOut]
    gpu_problem: Problem | None = Field(description="Why no card can be asked.")
    gpus_at: float | None
    gpus_stale: bool = Field(description="`gpus` are those of `gpus_at`: the driver is silent.")
    models: list[ResidentOut]
    models_stale: bool
    silent: list[str] = Field(description="Providers that do not tell their models just now.")


class PointOut(BaseModel):
    at: float = Field(description="Seconds since 1970.")
    values: dict[str, float] = Field(description="By name; what was unknown is left out.")


class HistoryOut(BaseModel):
    step_s: int
    points: list[PointOut]


class MachineEventOut(BaseModel):
    id: int
    at: datetime
    kind: str
    subject: str
    detail: dict[str, Any]
    text: str = Field(description="The event as a sentence, in the caller's language.")


class MachineEventList(BaseModel):
    events: list[MachineEventOut]
