"""What comes back from a runner, and how long it is waited for."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from typing import Any

from core.errors import ProviderError
from core.runner.process import Inbox, Reply

LOOK_S = 0.05  # how soon a waiting thread notices a cancel


@dataclass(frozen=True, slots=True)
class Limits:
    """Longest waits in seconds: for the first text (loading included, waiting for others not),
    and between two texts."""

    first_token_s: float = 120.0
    between_tokens_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """A piece of an answer; the last one has `done`, the runner's own report of it.

    `load_s` is how long this answer waited for the model to load, `None` when it was there.
    """

    text: str = ""
    thought: bool = False
    done: Reply | None = None
    load_s: float | None = None


def fresh(error: ProviderError) -> ProviderError:
    """The same error once more; one instance must not be raised by several threads."""
    return type(error)(**error.params)


def next_reply(inbox: Inbox, limit_s: float, cancel: threading.Event) -> Reply | None:
    """The next reply; `None` when cancelled or after `limit_s`."""
    until = time.monotonic() + limit_s
    while not cancel.is_set():
        left = until - time.monotonic()
        if left <= 0:
            return None
        try:
            reply: dict[str, Any] = inbox.get(timeout=min(LOOK_S, left))
        except queue.Empty:
            continue
        return reply
    return None
