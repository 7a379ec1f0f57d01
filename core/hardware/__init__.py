"""What the machine has, how much of it is in use, how that went, and what happened to it."""

from core.hardware.events import Event
from core.hardware.series import Point
from core.hardware.snapshot import Gpu, GpuProcess, Residency, Resident, Snapshot
from core.hardware.telemetry import Series, Telemetry

__all__ = [
    "Event",
    "Gpu",
    "GpuProcess",
    "Point",
    "Residency",
    "Resident",
    "Series",
    "Snapshot",
    "Telemetry",
]
