"""What is done about an anomaly: one step at a time, each only so often, always told."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Protocol

from core.errors import WorkbenchError
from core.hardware.anomaly.detector import Anomaly
from core.hardware.events import Event
from core.logs import part_logger

HOUR_S = 3_600

_log = part_logger("hardware")


class Action(Protocol):
    """One way to help. May take seconds; runs in a thread of its own."""

    def __call__(self, subject: str) -> str:
        """Do it; what it was done to, in a few words, "" when there was nothing to do.

        Raises:
            WorkbenchError: it did not work.
        """


def in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="recovery", daemon=True).start()


class Recovery:
    """Runs actions by name. Thread-safe; one action at a time, others wait for it.

    A limit counts since the start of the app, per rule and action. `run` starts the work.
    """

    def __init__(
        self,
        actions: Mapping[str, Action],
        tell: Callable[[Event], None],
        run: Callable[[Callable[[], None]], None] = in_a_thread,
    ) -> None:
        self._actions, self._tell, self._run = dict(actions), tell, run
        self._lock = threading.Lock()
        self._done: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._limited: set[tuple[str, str]] = set()

    def can(self, action: str) -> bool:
        """Whether this app knows how to do it."""
        return action in self._actions

    def step(self, anomaly: Anomaly, action: str, now: float) -> None:
        """Try one step, unless that was done too often in the last hour. Returns at once."""
        if not self.can(action):
            return
        key, detail = (anomaly.rule.name, action), {"rule": anomaly.rule.name, "action": action}
        done = self._done[key]
        while done and done[0] < now - HOUR_S:
            done.popleft()
        if len(done) >= anomaly.rule.per_hour:
            if key not in self._limited:
                self._limited.add(key)
                self._tell(Event(now, "recovery_limited", anomaly.subject, detail))
            return
        self._limited.discard(key)
        done.append(now)
        self._run(lambda: self._try(action, anomaly.subject, detail))

    def act(self, action: str, subject: str) -> str:
        """Do it now, because a user wants it; what it was done to, "" for nothing.

        Raises:
            KeyError: there is no such action.
            WorkbenchError: it did not work.
        """
        with self._lock:
            found = self._actions[action](subject)
        if found:
            detail = {"rule": "", "action": action, "what": found}
            self._tell(Event(time.time(), "recovery", subject, detail))
        return found

    def _try(self, action: str, subject: str, detail: Mapping[str, str]) -> None:
        told: dict[str, int | float | str | None] = dict(detail)
        try:
            with self._lock:
                found = self._actions[action](subject)
            kind, told["what"] = "recovery" if found else "recovery_idle", found
        except WorkbenchError as error:
            kind, told["what"] = "recovery_failed", error.code
        except Exception as error:  # an action must never end the sampler
            _log.exception("recovery.failed", error)
            kind, told["what"] = "recovery_failed", type(error).__name__
        self._tell(Event(time.time(), kind, subject, told))
