"""Limits in seconds that mean the same on a calm machine and on a crowded one."""

from __future__ import annotations

import os


def within(seconds: float) -> float:
    """`seconds` on a machine with a free core; more when others queue for its cores."""
    waiting = os.getloadavg()[0] / (os.cpu_count() or 1) if hasattr(os, "getloadavg") else 1.0
    return seconds * max(1.0, waiting)
