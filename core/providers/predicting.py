"""Asks the forecasts whether an answer's model will fit."""

from __future__ import annotations

from core.errors import WorkbenchError
from core.hardware import Snapshot
from core.hardware.forecast import Forecast, Forecasts
from core.providers.base import GenerationOptions, prefix_of

OLLAMA = "ollama"


class Prediction:
    """What the ladder asks. Thread-safe."""

    def __init__(self, forecasts: Forecasts) -> None:
        self._forecasts = forecasts

    def before(self, ref: str, options: GenerationOptions) -> Forecast | None:
        """See `Predicts` of the ladder. Ollama unloads its other models by itself."""
        try:
            return self._forecasts.of(
                ref,
                options.context_tokens,
                load=options.load,
                reclaimed=lambda now: _evictable(now, ref),
            )
        except WorkbenchError:
            return None

    def awaits(self, found: Forecast) -> None:
        """See `core.providers.ladder.ladder.Predicts`."""
        self._forecasts.awaits(found)


def _evictable(now: Snapshot, ref: str) -> tuple[int, int]:
    """Bytes of card and host that the server gives back by itself when it loads `ref`."""
    if prefix_of(ref) != OLLAMA:
        return 0, 0
    others = [one for one in now.models if prefix_of(one.ref) == OLLAMA and one.ref != ref]
    return sum(one.vram_bytes or 0 for one in others), sum(one.memory_bytes or 0 for one in others)
