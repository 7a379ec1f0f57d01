"""Wakes many sockets from any thread with one call into the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

Wake = Callable[[], None]


class Bell:
    """A message to a room with 100 sockets costs the loop one wake-up, not a hundred."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._rung: dict[Wake, None] = {}
        self._going = False

    def ring(self, wake: Wake) -> None:
        """Have `wake` called in the loop soon. Cheap and safe from any thread."""
        with self._lock:
            self._rung[wake] = None
            if self._going:
                return
            self._going = True
        try:
            self._loop.call_soon_threadsafe(self._wake_all)
        except RuntimeError:  # the loop has ended, and with it everybody who could listen
            with self._lock:
                self._going = False

    def _wake_all(self) -> None:
        with self._lock:
            rung, self._rung, self._going = self._rung, {}, False
        for wake in rung:
            wake()
