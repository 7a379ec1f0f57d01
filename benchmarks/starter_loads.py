"""How long the starter takes to load on this machine, from the spawn of its process to ready."""

from __future__ import annotations

import time

from core.providers.starter import StarterProvider
from core.runner.pool import RunnerPool

PATIENCE_S = 120.0


def measured(times: int) -> list[float]:
    """Seconds, once per load."""
    return [_one() for _ in range(times)]


def _one() -> float:
    found: list[float] = []
    pool = RunnerPool(on_load=lambda _ref, seconds: found.append(seconds))
    provider = StarterProvider(pool)
    try:
        provider.warm("starter")
        deadline = time.monotonic() + PATIENCE_S
        while not found and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        provider.close()
    if not found:
        raise RuntimeError("the starter did not load")
    return found[0]
