"""Forecasts for the models of this app, in the room that its machine has just now."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from core.errors import InvalidInput
from core.hardware.forecast.estimate import Room, forecast, place_of
from core.hardware.forecast.follow import Follower
from core.hardware.forecast.forecast import Forecast
from core.hardware.forecast.kept import Kept
from core.hardware.forecast.room import card_of, room_of
from core.hardware.forecast.training import Training, TrainingForecast, training
from core.hardware.snapshot import Snapshot
from core.runner.loading import AS_IT_COMES, KvType, LoadOptions
from core.runner.shapes.shape import ModelShape

SHAPE_AGE_S = 60.0


class Forecasts:
    """Says whether a model fits before it is loaded. Thread-safe.

    `shape_of` reads a model's dimensions, `snapshot` the machine; `context_tokens` is asked of
    models when nobody says otherwise. `kept` holds the forecasts that were
    checked (default: those since the start).
    """

    def __init__(
        self,
        shape_of: Callable[[str], ModelShape],
        snapshot: Callable[[], Snapshot],
        context_tokens: int,
        kept: Kept | None = None,
    ) -> None:
        self._shape_of, self._snapshot = shape_of, snapshot
        self._context_tokens = context_tokens
        self.kept = kept or Kept()
        self._follower = Follower(self.kept.add)
        self._shapes: dict[str, tuple[float, ModelShape]] = {}

    def of(
        self,
        ref: str,
        context_tokens: int | None = None,
        kv_type: KvType | None = None,
        load: LoadOptions | None = None,
        *,
        reclaimed_bytes: int = 0,
        reclaimed: Callable[[Snapshot], tuple[int, int]] = lambda _now: (0, 0),
    ) -> Forecast:
        """What loading `ref` would take, and whether that is there.

        A `kv_type` given here wins over that of `load`. `reclaimed_bytes` is what unloading
        other models first would give back where this one will lie; `reclaimed` tells the same for
        the card and for the host. What the model itself holds already counts as free.

        Raises:
            ModelNotFound, ModelMissing: there is no such model.
            ProviderError: its server or its files do not tell.
        """
        wanted = load or AS_IT_COMES
        if kv_type is not None:
            wanted = replace(wanted, kv_type=kv_type)
        tokens = context_tokens or wanted.context_tokens or self._context_tokens
        shape, now = self._shape(ref), self._snapshot()
        place = place_of(shape, wanted, card=card_of(now) is not None)
        more = reclaimed_bytes + reclaimed(now)[0 if place == "gpu" else 1]
        room = _with(room_of(now, place, ref), more)
        return forecast(
            shape, tokens, wanted, room, lambda raw: self.kept.correction(ref, place, raw)
        )

    def training(self, ref: str, wanted: Training) -> tuple[TrainingForecast, int | None]:
        """What training an adapter over `ref` takes, and the bytes that are free for it now.

        Raises:
            ModelNotFound, ModelMissing, ProviderError: as `of`.
            InvalidInput: it is no model that adapters can be trained for here.
        """
        shape, now = self._shape(ref), self._snapshot()
        if shape.engine != "transformers" or not shape.layers:
            raise InvalidInput(field="ref", expected="hf:… / starter", found=ref)
        place = place_of(shape, AS_IT_COMES, card=card_of(now) is not None)
        return training(shape, wanted, place), room_of(now, place, ref).free_bytes

    def awaits(self, found: Forecast) -> None:
        """Its model is going to be loaded so: measure what it then takes."""
        self._follower.awaits(found, self._snapshot())

    def awaited(self) -> tuple[str, ...]:
        """The models that are being loaded, or have just been, and are measured next."""
        return self._follower.awaited()

    def see(self, now: Snapshot) -> None:
        """A new snapshot, of the sampler."""
        self._follower.see(now)

    def _shape(self, ref: str) -> ModelShape:
        known = self._shapes.get(ref)
        if known is not None and time.monotonic() - known[0] < SHAPE_AGE_S:
            return known[1]
        shape = self._shape_of(ref)
        self._shapes[ref] = time.monotonic(), shape
        return shape


def _with(room: Room, more: int) -> Room:
    """With what others will give back; never more than there can be."""
    if room.free_bytes is None or room.budget_bytes is None:
        return room
    return replace(room, free_bytes=min(room.budget_bytes, room.free_bytes + more))
