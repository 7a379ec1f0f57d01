"""The history of the machine in the database: seconds for an hour, minutes for a week.

A minute of seconds is stored at once, together with its mean, in one commit; what a kill takes
is at most that minute.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import dropwhile

from sqlalchemy import Connection, delete, insert, select

from core.errors import StorageError
from core.hardware.series import Point, means
from core.store import Store
from core.store.tables import telemetry

SECOND, MINUTE = 1, 60
KEPT_S = {SECOND: 3_600, MINUTE: 7 * 86_400}
LIVE = 600  # seconds that are kept in memory too


class History:
    """Takes points from the sampler, gives series to everybody. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._live: deque[Point] = deque(maxlen=LIVE)
        self._waiting: list[Point] = []  # the present minute, not stored yet

    def add(self, point: Point) -> None:
        """Take in the point of one second; stores the minute that it ends."""
        with self._lock:
            self._live.append(point)
            same = not self._waiting or _minute(self._waiting[0]) == _minute(point)
            done = [] if same else self._waiting
            self._waiting = [*self._waiting, point] if same else [point]
        self._keep(done)

    def flush(self) -> None:
        """Store the minute that has begun."""
        with self._lock:
            done, self._waiting = self._waiting, []
        self._keep(done)

    def live(self, since: float) -> list[Point]:
        """The last seconds from memory, at most ten minutes back."""
        with self._lock:
            found = list(self._live)
        return list(dropwhile(lambda point: point.at < since, found))

    def seconds(self, since: float) -> list[Point]:
        """Second by second, at most an hour back.

        Raises:
            StorageError: the database cannot be read.
        """
        live = self.live(float("-inf"))
        begun = live[0].at if live else None
        stored = [] if begun is not None and begun <= since else self._stored(SECOND, since, begun)
        return [*stored, *(point for point in live if point.at >= since)]

    def minutes(self, since: float) -> list[Point]:
        """Means of minutes, at most a week back; the last is the present minute so far.

        Raises:
            StorageError: the database cannot be read.
        """
        with self._lock:
            waiting = list(self._waiting)
        stored = self._stored(MINUTE, since, _minute(waiting[0]) if waiting else None)
        return stored + means(waiting, MINUTE)

    def _stored(self, step_s: int, since: float, before: float | None) -> list[Point]:
        query = select(telemetry.c.at, telemetry.c.series).order_by(telemetry.c.at)
        query = query.where(telemetry.c.step_s == step_s, telemetry.c.at >= since)
        if before is not None:
            query = query.where(telemetry.c.at < int(before))
        with self._store.read() as connection:
            return [Point(row.at, row.series) for row in connection.execute(query)]

    def _keep(self, points: Sequence[Point]) -> None:
        if not points:
            return
        rows = [_row(SECOND, point) for point in means(points, SECOND)]
        rows += [_row(MINUTE, point) for point in means(points, MINUTE)]

        def work(connection: Connection) -> None:
            # After the clock was set back a moment may come twice; the later one counts.
            connection.execute(insert(telemetry).prefix_with("OR REPLACE"), rows)
            _prune(connection, points[-1].at)

        with suppress(StorageError):  # closed, say: history is no reason to fail
            self._store.submit(work)


def _minute(point: Point) -> float:
    return point.at // MINUTE * MINUTE


def _row(step_s: int, point: Point) -> dict[str, object]:
    return {"step_s": step_s, "at": int(point.at), "series": dict(point.values)}


def _prune(connection: Connection, now: float) -> None:
    for step_s, kept_s in KEPT_S.items():
        old = (telemetry.c.step_s == step_s) & (telemetry.c.at < int(now) - kept_s)
        connection.execute(delete(telemetry).where(old))
