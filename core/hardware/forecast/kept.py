"""Forecasts beside what was then measured, and what this machine teaches by them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import median

from sqlalchemy import Connection, delete, desc, func, insert, select

from core.errors import StorageError
from core.hardware.forecast.forecast import Forecast
from core.store import Store
from core.store.tables import forecasts
from core.store.times import now

KEPT = 500
LEARNED = 20  # of the newest loads that are alike
MOST = 0.5  # of a forecast may be added or taken away
COLUMNS = [  # in the order of `Checked`
    "at",
    "model",
    "place",
    "context_tokens",
    "raw_bytes",
    "total_bytes",
    "measured_bytes",
    "source",
]


@dataclass(frozen=True, slots=True)
class Checked:
    """One forecast and what was measured after the load. `at` is UTC text.

    `source` tells how: "process" (the driver, of the model's own process), "card" (what the card
    held before and after), "memory" (the process's share of the host's memory), "server" (as the
    server reckons it).
    """

    at: str
    model: str
    place: str
    context_tokens: int
    raw_bytes: int
    total_bytes: int
    measured_bytes: int
    source: str

    @property
    def error_percent(self) -> float:
        """How far the forecast was off; positive when it was too high."""
        return 100 * (self.total_bytes - self.measured_bytes) / self.measured_bytes


class Kept:
    """The last 500 forecasts that were checked; in memory only without a `store`. Thread-safe."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._rows: list[Checked] | None = None

    def add(self, found: Forecast, measured_bytes: int, source: str) -> None:
        """Keep one; returns at once. What is compared is the model loaded, not yet reading."""
        told = found.loaded_bytes
        values = (now(), found.ref, found.place, found.context_tokens)
        checked = Checked(*values, told - found.correction_bytes, told, measured_bytes, source)
        row = {name: getattr(checked, name) for name in COLUMNS}

        def work(connection: Connection) -> None:
            connection.execute(insert(forecasts), row)
            newest = select(func.max(forecasts.c.id)).scalar_subquery()
            connection.execute(delete(forecasts).where(forecasts.c.id <= newest - KEPT))

        rows = self._all()
        with self._lock:
            rows.append(checked)
        if self._store is not None:
            with suppress(StorageError):  # closed, say
                self._store.submit(work)

    def recent(self, limit: int = 20) -> list[Checked]:
        """The newest first."""
        return list(reversed(self._all()[-limit:]))

    def correction(self, ref: str, place: str, raw_bytes: int) -> int:
        """What earlier loads say should be added to `raw_bytes`; negative: it took less.

        The median of what was missing: of this model when it was loaded before, else of all of its
        provider. A few loads count less than many, and never more than half of the forecast.
        """
        return corrected(alike(self._all(), ref, place), raw_bytes)

    def _all(self) -> list[Checked]:
        with self._lock:
            if self._rows is None:
                self._rows = self._read()
            return self._rows

    def _read(self) -> list[Checked]:
        if self._store is None:
            return []
        query = select(*(forecasts.c[name] for name in COLUMNS)).order_by(desc(forecasts.c.id))
        try:
            with self._store.read() as connection:
                rows = connection.execute(query.limit(KEPT)).all()
        except StorageError:
            return []
        return [Checked(*row) for row in reversed(rows)]


def alike(rows: Sequence[Checked], ref: str, place: str) -> list[Checked]:
    """The newest loads that say most about `ref`."""
    here = [row for row in rows if row.place == place]
    same = [row for row in here if row.model == ref]
    kind = [row for row in here if row.model.partition(":")[0] == ref.partition(":")[0]]
    return (same or kind)[-LEARNED:]


def corrected(rows: Sequence[Checked], raw_bytes: int) -> int:
    """The bounded, damped median of what was missing in `rows`."""
    if not rows:
        return 0
    missing = median(row.measured_bytes - row.raw_bytes for row in rows)
    trusted = missing * len(rows) / (len(rows) + 1)
    return round(max(-MOST * raw_bytes, min(MOST * raw_bytes, trusted)))
