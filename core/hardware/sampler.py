"""The one thread that looks at the machine, once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from core.logs import part_logger

PERIOD_S = 1.0

_log = part_logger("hardware")


class Sampler:
    """Calls `look` once a period until it is closed. A look that failed is tried again."""

    def __init__(self, look: Callable[[], None], period_s: float = PERIOD_S) -> None:
        self._look, self._period_s = look, period_s
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hardware-sampler", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; waits for a look that is under way."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._closing.wait(max(0.0, due - time.monotonic())):
            try:
                self._look()
            except Exception as error:
                _log.exception("look.failed", error)
            # One that came late (the machine slept) is not made up for.
            due = max(due + self._period_s, time.monotonic())
