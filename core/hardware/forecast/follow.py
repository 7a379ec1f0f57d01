"""Watches models being loaded, and measures what each took once it has settled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from core.hardware.forecast.forecast import Forecast
from core.hardware.forecast.room import card_of
from core.hardware.snapshot import Resident, Snapshot

# After it was first seen: it has answered something by then. What grows with the text is looked
# at once, before it has read any.
SETTLED_S = 10.0
PATIENCE_S = 600.0  # a load that does not come is forgotten


@dataclass(slots=True)
class _Awaited:
    """A model that is on its way. Times are those of snapshots."""

    forecast: Forecast
    before: Snapshot
    seen_at: float | None = None
    most_bytes: int = 0
    source: str = ""


class Follower:
    """Thread-safe. `checked(forecast, bytes, source)` is told each measurement."""

    def __init__(self, checked: Callable[[Forecast, int, str], None]) -> None:
        self._checked = checked
        self._lock = threading.Lock()
        self._awaited: dict[str, _Awaited] = {}

    def awaits(self, found: Forecast, before: Snapshot) -> None:
        """The model of `found` is going to be loaded."""
        with self._lock:
            if found.local and all(model.ref != found.ref for model in before.models):
                self._awaited.setdefault(found.ref, _Awaited(found, before))

    def awaited(self) -> tuple[str, ...]:
        """Of which models the measurement is still to come."""
        with self._lock:
            return tuple(self._awaited)

    def see(self, now: Snapshot) -> None:
        """A new snapshot."""
        with self._lock:
            awaited = list(self._awaited.items())
        for ref, one in awaited:
            model = next((model for model in now.models if model.ref == ref), None)
            if self._look(one, model, now):
                with self._lock:
                    self._awaited.pop(ref, None)

    def _look(self, one: _Awaited, model: Resident | None, now: Snapshot) -> bool:
        """Whether there is nothing more to wait for."""
        if model is None or model.loading:
            return one.seen_at is not None or now.at - one.before.at > PATIENCE_S
        one.seen_at = one.seen_at or now.at
        measured, source = measure(one.forecast, model, one.before, now)
        if measured is not None and measured > one.most_bytes:
            one.most_bytes, one.source = measured, source
        if now.at - one.seen_at < SETTLED_S and not one.forecast.grows:
            return False
        if one.most_bytes:
            self._checked(one.forecast, one.most_bytes, one.source)
        return True


def measure(
    found: Forecast, model: Resident, before: Snapshot, now: Snapshot
) -> tuple[int | None, str]:
    """The bytes that `model` holds where it was forecast to lie, and how that is known."""
    if found.place == "host":
        return model.memory_bytes, "memory" if model.pid is not None else "server"
    if model.pid is not None and model.vram_bytes is not None:
        return model.vram_bytes, "process"
    was, card = card_of(before), card_of(now)
    alone = {one.ref for one in now.models} - {one.ref for one in before.models} == {model.ref}
    used = card.memory_used_bytes if card else None
    if alone and was is not None and was.memory_used_bytes is not None and used is not None:
        return max(0, used - was.memory_used_bytes), "card"
    return model.vram_bytes, "server"
