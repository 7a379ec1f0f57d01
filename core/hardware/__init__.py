"""What the machine has and how much of it is in use."""

from core.hardware.snapshot import Gpu, Snapshot, read_snapshot

__all__ = ["Gpu", "Snapshot", "read_snapshot"]
