"""Forecasts for the models of this app, in the room that its machine has just now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.hardware.forecast.estimate import Room, forecast, place_of
from core.hardware.forecast.forecast import Forecast
from core.hardware.forecast.room import card_of, room_of
from core.hardware.forecast.shape import ModelShape
from core.hardware.snapshot import Snapshot
from core.runner.loading import AS_IT_COMES, KvType, LoadOptions


class Forecasts:
    """Says whether a model fits before it is loaded. Thread-safe.

    `shape_of` reads a model's dimensions, `snapshot` the machine; `context_tokens` is asked of
    models when nobody says otherwise.
    """

    def __init__(
        self,
        shape_of: Callable[[str], ModelShape],
        snapshot: Callable[[], Snapshot],
        context_tokens: int,
    ) -> None:
        self._shape_of, self._snapshot = shape_of, snapshot
        self._context_tokens = context_tokens

    def of(
        self,
        ref: str,
        context_tokens: int | None = None,
        kv_type: KvType | None = None,
        load: LoadOptions | None = None,
        *,
        reclaimed_bytes: int = 0,
    ) -> Forecast:
        """What loading `ref` would take, and whether that is there.

        A `kv_type` given here wins over that of `load`. `reclaimed_bytes` is what unloading other
        models first would give back; what the model itself holds already counts as free.

        Raises:
            ModelNotFound, ModelMissing: there is no such model.
            ProviderError: its server or its files do not tell.
        """
        wanted = load or AS_IT_COMES
        if kv_type is not None:
            wanted = replace(wanted, kv_type=kv_type)
        tokens = context_tokens or wanted.context_tokens or self._context_tokens
        shape, now = self._shape_of(ref), self._snapshot()
        place = place_of(shape, wanted, card=card_of(now) is not None)
        found = room_of(now, place, ref)
        room = Room(place, found.budget_bytes, _plus(found.free_bytes, reclaimed_bytes))
        return forecast(shape, tokens, wanted, room)


def _plus(size: int | None, more: int) -> int | None:
    return None if size is None else size + more
