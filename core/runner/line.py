"""A waiting line: first come, first served. Rooms take turns, since each asks one at a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

LOOK_S = 0.05  # how soon a waiting thread notices a cancel


class Line:
    """Lets one in at a time, in the order of arrival."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @property
    def length(self) -> int:
        """How many are in line, the one whose turn it is included."""
        return len(self._waiting)

    @contextmanager
    def place(self, cancel: threading.Event, *, next_one: bool = False) -> Iterator[bool]:
        """Stand in line and wait; yields whether it became one's turn (or was cancelled).

        `next_one` stands right behind the one whose turn it is.
        """
        turn = threading.Event()
        with self._lock:
            self._waiting.insert(1 if next_one else len(self._waiting), turn)
            self._waiting[0].set()
        try:
            while not turn.wait(LOOK_S) and not cancel.is_set():
                pass
            yield turn.is_set() and not cancel.is_set()
        finally:
            with self._lock:
                self._waiting.remove(turn)
                if self._waiting:
                    self._waiting[0].set()
