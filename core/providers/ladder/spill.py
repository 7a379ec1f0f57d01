"""Notices that a driver may have moved a model's memory to the host: nothing fails, it only slows.

A model's speed lately is compared with its own usual one. Slow alone is an anomaly (see
docs/anomalies.md); slow while the card is nearly full is told as a spill. It stays told until the
model has recovered most of its speed, so that it does not flicker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from core.hardware.events import Event
from core.hardware.forecast.room import card_of
from core.hardware.snapshot import Snapshot
from core.metrics.speeds import Speed

SLOW, RECOVERED = 0.5, 0.8  # of the usual speed
FULL = 0.9  # of the card


class SpillDetector:
    """Sees each snapshot; tells events. For the sampler's thread."""

    def __init__(
        self, speeds: Callable[[], Mapping[str, Speed]], tell: Callable[[Sequence[Event]], None]
    ) -> None:
        self._speeds, self._tell = speeds, tell
        self._spilled: set[str] = set()

    def see(self, now: Snapshot) -> None:
        """Compare what is loaded on a card that is nearly full, or whose filling is not known."""
        speeds = self._speeds()
        loaded = {model.ref for model in now.models}
        for ref, speed in speeds.items():
            if ref in self._spilled and speed.share >= RECOVERED:
                self._spilled.discard(ref)
                self._event("spill_over", ref, speed)
            elif ref not in self._spilled and self._spills(ref, speed, loaded, now):
                self._spilled.add(ref)
                self._event("spill", ref, speed)

    def _spills(self, ref: str, speed: Speed, loaded: set[str], now: Snapshot) -> bool:
        full = _is_full(now)
        return ref in loaded and speed.share < SLOW and full is not False

    def _event(self, kind: str, ref: str, speed: Speed) -> None:
        detail = {"before": round(speed.usual, 1), "after": round(speed.lately, 1)}
        self._tell([Event(time.time(), kind, ref, detail)])


def _is_full(now: Snapshot) -> bool | None:
    """Whether the card is nearly full; `None` when its driver does not tell; without one, no."""
    card = card_of(now)
    if card is None:
        return False
    if not card.memory_total_bytes or card.memory_used_bytes is None:
        return None
    used = card.memory_used_bytes + (card.memory_reserved_bytes or 0)
    return used >= FULL * card.memory_total_bytes
