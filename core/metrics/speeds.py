"""How fast each model has spoken lately."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

KEPT = 40
LATELY = 3  # answers
ENOUGH = 8  # answers before a model has a usual speed
MODELS = 100


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens per second: of the last answers, and what is usual; `share` is one by the other."""

    lately: float
    usual: float

    @property
    def share(self) -> float:
        return self.lately / self.usual if self.usual else 1.0


class Speeds:
    """The last rates of each model since the start. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rates: dict[str, deque[float]] = {}

    def add(self, ref: str, tokens_per_s: float) -> None:
        with self._lock:
            if ref not in self._rates and len(self._rates) >= MODELS:
                self._rates.pop(next(iter(self._rates)))
            self._rates.setdefault(ref, deque(maxlen=KEPT)).append(tokens_per_s)

    def all(self) -> Mapping[str, Speed]:
        """The models that have spoken often enough to be compared with themselves."""
        with self._lock:
            rates = {ref: list(found) for ref, found in self._rates.items()}
        return {
            ref: Speed(median(found[-LATELY:]), median(found[:-LATELY]))
            for ref, found in rates.items()
            if len(found) >= ENOUGH
        }
