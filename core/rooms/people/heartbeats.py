"""Which programs that brought outside agents have gone quiet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import InvalidInput
from core.text import N_, words

MISSED = 3  # beats in a row that make somebody away
SHORTEST_S, LONGEST_S = 0.1, 300.0


def checked_interval(seconds: float) -> float:
    """
    Raises:
        InvalidInput: nobody may promise to be heard of that often, or that seldom.
    """
    if not SHORTEST_S <= seconds <= LONGEST_S:
        expected = words(N_("{least} to {most} s"), least=SHORTEST_S, most=LONGEST_S)
        raise InvalidInput(field="heartbeat_s", expected=expected, found=seconds)
    return seconds


@dataclass
class _Pulse:
    interval_s: float
    heard_at: float  # `time.monotonic` seconds
    away: bool = False

    @property
    def due_at(self) -> float:
        return self.heard_at + MISSED * self.interval_s


class Heartbeats:
    """Thread-safe. Nothing runs while everybody is away, or nobody has promised to be heard of.

    `call_at(moment, callback)` calls back from another thread; `changed(connection, away)` is
    told once when a connection goes quiet, and once when it is heard of again.
    """

    def __init__(
        self,
        call_at: Callable[[float, Callable[[], None]], None],
        changed: Callable[[str, bool], None],
    ) -> None:
        self._call_at, self._changed = call_at, changed
        self._lock = threading.Lock()
        self._pulses: dict[str, _Pulse] = {}

    def begin(self, connection: str, interval_s: float) -> None:
        """This connection promises to be heard of every `interval_s` seconds."""
        with self._lock:
            known = self._pulses.get(connection)
            self._pulses[connection] = pulse = _Pulse(interval_s, time.monotonic())
        if known is None:
            self._look_later(connection, pulse)

    def beat(self, connection: str) -> None:
        """Something came over this connection. Cheap."""
        with self._lock:
            pulse = self._pulses.get(connection)
            if pulse is None:
                return
            pulse.heard_at = time.monotonic()
            back, pulse.away = pulse.away, False
        if back:
            self._changed(connection, False)
            self._look_later(connection, pulse)

    def end(self, connection: str) -> None:
        """This connection has ended."""
        with self._lock:
            self._pulses.pop(connection, None)

    def quiet(self, connection: str) -> bool:
        """Whether this connection has missed its beats."""
        with self._lock:
            pulse = self._pulses.get(connection)
            return pulse is not None and pulse.away

    def _look_later(self, connection: str, pulse: _Pulse) -> None:
        self._call_at(pulse.due_at, lambda: self._look(connection))

    def _look(self, connection: str) -> None:
        with self._lock:
            pulse = self._pulses.get(connection)
            if pulse is None or pulse.away:
                return
            pulse.away = time.monotonic() >= pulse.due_at
        if pulse.away:
            self._changed(connection, True)
        else:
            self._look_later(connection, pulse)
