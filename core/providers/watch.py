"""The time limits of one request to a model server, and the wish to end it.

A server may hang for hours and has no limit of its own; so the client has two: to the first
token, loading included, and between tokens.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

from core.errors import FirstTokenTimeout, ProviderError, ServerAway, TokenTimeout

T = TypeVar("T")

SLICE_S = 0.1
CONNECT_S = 1.5


class Cancelled(Exception):
    """The answer is not wanted any more. Never leaves the provider."""


@dataclass(slots=True)
class Watch:
    """The limits of one request and what is left of them.

    Only time spent waiting counts, so a slow reader of the answer is not mistaken for a silent
    server. `left_s` is refilled by every token.
    """

    model: str
    server: str
    first_token_s: float
    between_tokens_s: float
    cancelled: Callable[[], bool] = lambda: False
    connect_s: float = CONNECT_S
    left_s: float = field(init=False)
    spoke: bool = False
    received: bool = False

    def __post_init__(self) -> None:
        self.left_s = self.first_token_s

    def token(self) -> None:
        """A token has come: the next one has the whole limit again."""
        self.spoke = True
        self.left_s = self.between_tokens_s

    def check(self) -> None:
        """Raise when it is over: cancelled, or nothing left of the limit."""
        if self.cancelled():
            raise Cancelled
        if self.left_s <= 0:
            raise self._timeout()

    def wait(self, act: Callable[[float], T]) -> T:
        """The result of `act(seconds)`, tried in slices of the limit until it stops timing out.

        Raises:
            Cancelled: nobody wants it any more.
            FirstTokenTimeout, TokenTimeout: the limit is used up.
        """
        while True:
            self.check()
            began = time.monotonic()
            try:
                return act(max(0.001, min(SLICE_S, self.left_s)))
            except TimeoutError:
                continue
            finally:
                self.left_s -= time.monotonic() - began

    def pause(self, seconds: float) -> None:
        """Sleep; the time counts, and cancelling ends it."""
        until = time.monotonic() + seconds

        def sleep(slice_s: float) -> None:
            rest = until - time.monotonic()
            time.sleep(max(0.0, min(slice_s, rest)))
            if rest > slice_s:
                raise TimeoutError

        self.wait(sleep)

    def away(self) -> ProviderError:
        return ServerAway(model=self.model, server=self.server)

    def _timeout(self) -> ProviderError:
        if self.spoke:
            return TokenTimeout(model=self.model, seconds=f"{self.between_tokens_s:g}")
        return FirstTokenTimeout(model=self.model, seconds=f"{self.first_token_s:g}")


_watch: ContextVar[Watch] = ContextVar("watch")


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Requests begun in this block are bounded by `watch` until they end."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


def current_watch() -> Watch:
    return _watch.get()


def backoff_s(attempt: int, after_s: float | None = None) -> float:
    """The pause before repeat number `attempt` (0, 1, …): doubling from 0.25 s, with jitter.

    `after_s` is what the server asked for; it is never undercut.
    """
    pause: float = 0.25 * 2**attempt * random.uniform(0.5, 1.5)
    return max(pause, after_s + random.uniform(0, 0.1)) if after_s is not None else pause
