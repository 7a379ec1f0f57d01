"""One thread that calls replies back when their text is due to be stored.

It sleeps while nobody speaks: idle rooms cost nothing.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable


class Flusher:
    """Runs callbacks at their time, in one daemon thread that is started when first needed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._thread: threading.Thread | None = None
        self._closed = False

    def call_at(self, moment: float, callback: Callable[[], None]) -> None:
        """Run `callback` at `moment` (`time.monotonic` seconds). It must be short."""
        with self._changed:
            heapq.heappush(self._due, (moment, next(self._order), callback))
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="flusher", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Drop what is not yet due and end the thread."""
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while (callback := self._wait()) is not None:
            callback()

    def _wait(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._closed:
                if not self._due:
                    self._changed.wait()
                elif (rest := self._due[0][0] - time.monotonic()) > 0:
                    self._changed.wait(rest)
                else:
                    return heapq.heappop(self._due)[2]
        return None
