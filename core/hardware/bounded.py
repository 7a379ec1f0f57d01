"""Questions that may hang: a driver in trouble answers never, a server after minutes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.logs import part_logger

T = TypeVar("T")

_log = part_logger("hardware")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What was said last; `fresh`: to this very question. `value` is `None` until the first."""

    value: T | None
    fresh: bool


class Bounded(Generic[T]):
    """Asks in a thread of its own and waits a limited time. For one asking thread.

    At most one question is ever out: while one hangs, no other is asked, so that threads do not
    pile up. Its thread does not keep the program alive.
    """

    def __init__(self, question: Callable[[], T], name: str) -> None:
        self._question, self._name = question, name
        self._asked, self._answered = threading.Semaphore(0), threading.Event()
        self._answered.set()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._value: T | None = None
        self._failed = False

    def ask(self, limit_s: float) -> Answer[T]:
        """The answer, or after `limit_s` the one before; at once while an older one is out."""
        if self._closed or not self._answered.is_set():
            return Answer(self._value, fresh=False)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._answered.clear()
        self._asked.release()
        answered = self._answered.wait(limit_s)
        return Answer(self._value, fresh=answered and not self._failed)

    def close(self, wait_s: float = 1.0) -> bool:
        """Ask no more; whether nothing is out. A hanging question is left to itself."""
        self._closed = True
        self._asked.release()
        if self._thread is not None:
            self._thread.join(wait_s)
        return self._thread is None or not self._thread.is_alive()

    def _run(self) -> None:
        while self._asked.acquire() and not self._closed:
            try:
                self._value, self._failed = self._question(), False
            except Exception as error:
                self._failed = True
                _log.exception("question.failed", error)
            self._answered.set()
