"""The machine as everybody sees it: the last snapshot, its history, and what happened.

One sampler reads the machine once a second while the app serves; screens, routes and commands
only get what it has read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from core.hardware.event_log import EventLog
from core.hardware.events import Event, between
from core.hardware.history import KEPT_S, MINUTE, SECOND, History
from core.hardware.reader import MachineReader
from core.hardware.sampler import PERIOD_S, Sampler
from core.hardware.series import Point, means, point_of
from core.hardware.snapshot import Residency, Snapshot
from core.store import Store

LIMIT_S = 0.4  # how long a reading waits for the driver, and for the model servers
POINTS = 300  # a longer series is thinned to about so many
LONGEST_S = KEPT_S[MINUTE]
_SHARED = 32  # series that are kept for others who ask for the same


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Points at equal steps, oldest first; where nothing was measured there is none."""

    step_s: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class _Made:
    """A series, after how many looks and when (monotonic seconds) it was made."""

    looks: int
    at: float
    series: Series


class Telemetry:
    """Reads the machine and remembers it. Thread-safe; nothing is read before the first call."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        residency: Callable[[], Residency] = Residency,
        told: Callable[[str], None] = lambda _kind: None,
    ) -> None:
        """`told` hears the kind of each event."""
        self._told, self._watchers = told, list[Callable[[Snapshot], None]]()
        self._reader = MachineReader(folder, residency)
        self._history, self._events = History(store), EventLog(store)
        self._sampler: Sampler | None = None
        self._latest: Snapshot | None = None
        self._looks = 0
        self._shared: dict[tuple[int, int, float | None], _Made] = {}

    def start(self, period_s: float = PERIOD_S) -> None:
        """Begin to read the machine, once a period."""
        self._sampler = Sampler(self._look, period_s)

    def watch(self, look: Callable[[Snapshot], None]) -> None:
        """Have `look` see every snapshot, in the sampler's thread; before `start`."""
        self._watchers.append(look)

    def close(self) -> None:
        """End, and store what was not stored yet. Does not wait for a driver that hangs."""
        if self._sampler is not None:
            self._sampler.close()
        self._history.flush()
        self._reader.close(LIMIT_S)

    def latest(self) -> Snapshot:
        """The last snapshot; without a sampler it is read now. Answers within a second."""
        if self._sampler is not None and self._latest is not None:
            return self._latest
        return self._reader.read(LIMIT_S)

    def power_watts(self) -> float | None:
        """What all cards take just now; `None` when that is not known or nobody reads them."""
        now = self._latest if self._sampler is not None else None
        if now is None or not now.gpus or now.gpus_stale:
            return None
        watts = [gpu.power_watts for gpu in now.gpus]
        known = [one for one in watts if one is not None]
        return sum(known) if len(known) == len(watts) else None

    def settled(self, limit_s: float = 3.0) -> Snapshot:
        """A snapshot for somebody who asks once, and waits: a driver may have to wake up, and
        the processor's share is that of some time."""
        end = time.monotonic() + limit_s
        while True:
            found = self.latest()
            stale = found.gpus_stale or found.models_stale
            settled = found.cpu_percent is not None and not stale
            if settled or time.monotonic() > end:
                return found
            time.sleep(0.1)

    def history(self, seconds: int, points: int = POINTS, until: float | None = None) -> Series:
        """The last `seconds`, at most a week, as about `points` points at most.

        An hour is made of seconds, more than that of minutes. `until` (seconds since the epoch)
        ends earlier than now. All who ask for the same share one answer as long as it holds.

        Raises:
            StorageError: the database cannot be read.
        """
        asked = (seconds, points, until)
        made = self._shared.get(asked)
        if made is None or not self._holds(made):
            if len(self._shared) >= _SHARED:
                self._shared.clear()
            made = _Made(self._looks, time.monotonic(), self._series(*asked))
            self._shared[asked] = made
        return made.series

    def events(self, limit: int = 100, before: int | None = None) -> list[Event]:
        """What happened, the newest first; `before`: only those with a smaller id.

        Raises:
            StorageError: the database cannot be read.
        """
        return self._events.read(limit, before)

    def tell(self, events: Sequence[Event]) -> None:
        """Keep what happened to the machine; returns at once."""
        self._events.add(events)
        for event in events:
            self._told(event.kind)

    def _look(self) -> None:
        now = self._reader.read(LIMIT_S)
        before, self._latest = self._latest, now
        self._history.add(point_of(now))
        self._looks += 1
        if before is not None:
            self.tell(list(between(before, now)))
        for look in self._watchers:
            look(now)

    def _holds(self, made: _Made) -> bool:
        """Whether nothing that could be seen at this step has happened since."""
        age_s = time.monotonic() - made.at
        return made.looks == self._looks or age_s < made.series.step_s / 2

    def _series(self, seconds: int, points: int, until: float | None) -> Series:
        end = time.time() if until is None else until
        if seconds <= KEPT_S[SECOND]:
            unit, found = SECOND, self._history.seconds(end - seconds)
        else:
            unit, found = MINUTE, self._history.minutes(end - seconds)
        step_s = unit * max(1, ceil(seconds / points / unit))
        inside = (point for point in found if point.at <= end)
        return Series(step_s, tuple(means(inside, step_s)))
