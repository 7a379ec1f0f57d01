"""NVIDIA cards through NVML, with handles that are kept.

Any call may fail at any time with any code, and then just its own answer is unknown. Three kinds
of codes say more: the card is gone, the library has to be set up again, there is nothing to ask.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.hardware.card import Card
from core.hardware.snapshot import Gpu

AGAIN_S = 5.0  # after a card was lost
LATER_S = 30.0  # after a machine without a driver was found

_PROBLEMS = {4: "forbidden", 9: "absent", 12: "absent", 18: "mismatched"}  # by NVML's codes


@dataclass(frozen=True, slots=True)
class Cards:
    """The cards; when none can be asked, `problem` says why (see `Snapshot.gpu_problem`)."""

    gpus: tuple[Gpu, ...] = ()
    problem: str | None = None


class CardReader:
    """Reads all cards. For one thread. `read` never raises, but it may hang with the driver."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._nvml: Any = None
        self._cards: list[Card] = []
        self._problem = "absent"
        self._set_up_at = float("-inf")
        self._names: dict[int, str] = {}  # of cards that were there once

    def read(self) -> Cards:
        """All cards now."""
        if self._is_due():
            self._set_up()
        gpus = [card.read() for card in self._cards]
        self._names |= {gpu.index: gpu.name for gpu in gpus if gpu.name}
        gone = self._names.keys() - {gpu.index for gpu in gpus}
        gpus += [Gpu(index, name=self._names[index], lost=True) for index in sorted(gone)]
        return Cards(tuple(gpus), None if self._cards else self._problem)

    def close(self) -> None:
        """Give the library back."""
        self._cards = []
        nvml, self._nvml = self._nvml, None
        if nvml is not None:
            with suppress(Exception):
                nvml.nvmlShutdown()

    def _is_due(self) -> bool:
        """Whether to look for cards (again): there are none, or one does not answer."""
        pause_s = AGAIN_S if self._cards else LATER_S
        away = not self._cards or any(card.away for card in self._cards)
        return away and self._clock() - self._set_up_at >= pause_s

    def _set_up(self) -> None:
        self.close()
        self._set_up_at = self._clock()
        try:
            import pynvml

            pynvml.nvmlInit()
            self._nvml = pynvml
            count = pynvml.nvmlDeviceGetCount()
        except Exception as error:  # library absent or strange, driver away, no permission
            self.close()
            self._problem = _PROBLEMS.get(getattr(error, "value", 0), "failed")
            return
        self._problem = "absent"
        self._cards = [Card(pynvml, index, self._names.get(index)) for index in range(count)]
