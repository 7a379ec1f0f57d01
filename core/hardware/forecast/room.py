"""How much memory a snapshot leaves to a model."""

from __future__ import annotations

from core.hardware.forecast.estimate import Room
from core.hardware.forecast.forecast import Place
from core.hardware.snapshot import Gpu, Resident, Snapshot

KEPT_FREE = 1024**3  # on the card, as llama.cpp does; on the host, for everything else


def card_of(now: Snapshot) -> Gpu | None:
    """The card that models go to: the largest one that answers; `None` when there is none."""
    there = [gpu for gpu in now.gpus if not gpu.lost]
    return max(there, key=lambda gpu: gpu.memory_total_bytes or 0, default=None)


def room_of(now: Snapshot, place: Place, ref: str | None = None) -> Room:
    """What `place` could give at most, and just now; what `ref` holds already counts as free."""
    mine = next((model for model in now.models if model.ref == ref), None)
    if place == "host":
        total = now.memory_total_bytes
        free = total - now.memory_used_bytes + _held(mine, "host")
        return Room("host", max(0, total - KEPT_FREE), max(0, free - KEPT_FREE))
    card = card_of(now)
    if card is None or card.memory_total_bytes is None:
        return Room("gpu", None, None)
    taken = (card.memory_reserved_bytes or 0) + KEPT_FREE
    budget = max(0, card.memory_total_bytes - taken)
    if card.memory_free_bytes is None or now.gpus_stale:
        return Room("gpu", budget, None)
    free = card.memory_free_bytes + _held(mine, "gpu") - KEPT_FREE
    return Room("gpu", budget, min(budget, max(0, free)))


def _held(model: Resident | None, place: Place) -> int:
    if model is None:
        return 0
    return (model.vram_bytes if place == "gpu" else model.memory_bytes) or 0
