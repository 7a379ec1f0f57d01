"""The one thread that writes.

Works that wait together are committed together: each in a savepoint of its own, all in one
transaction, one wait for the disk. A work that fails is rolled back alone; a storage error
(disk full, say) fails all works of that transaction, none of which then happened.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from core import logs
from core.errors import StorageBusy, StorageError
from core.paths import DataPaths
from core.store import journal, tally
from core.store.engine import BUSY_TIMEOUT_S
from core.store.problems import storage_error
from core.store.schema import raw

T = TypeVar("T")
WAIT_S = 10.0  # how long a work waits for a foreign lock unless it says otherwise
_BATCH = 500  # works in one transaction
_PROBE_S = 1.0  # between two attempts to write while there is a problem
_QUIET_S = 0.3  # without works, and there is time for what makes the next ones quicker

_log = logs.part_logger("store")


@dataclass(eq=False)
class _Job:
    work: Callable[[Connection], Any]
    wait_s: float
    deadline: float
    ready: Callable[[Any], None] | None = None
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None


class Writer:
    """Runs works in order. `problem` says why writing does not work just now."""

    def __init__(self, engine: Engine, paths: DataPaths, acknowledged: tally.Tally) -> None:
        self.problem: StorageError | None = None
        self._engine = engine
        self._paths = paths
        self._acknowledged = acknowledged
        self._connection: Connection | None = None
        self._waiting: deque[_Job] = deque()
        self._under_way: list[_Job] | None = None
        self._wake = threading.Condition()
        self._closing = False
        self._reserved = False
        self._patience_ms: int | None = None  # what the connection has; `None`: its own
        self._thread = threading.Thread(target=self._loop, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T], wait_s: float) -> Future[T]:
        """Queue `work`; the future resolves after its commit."""
        job = _Job(work, wait_s, time.monotonic() + wait_s)
        with self._wake:
            if self._closing:
                raise StorageError(detail="the storage is closed")
            self._waiting.append(job)
            self._wake.notify()
        return job.future

    def join(
        self,
        work: Callable[[Connection], T],
        wait_s: float,
        ready: Callable[[T], None] | None = None,
    ) -> Future[T]:
        """Inside a work: run another one after those of its transaction, in the same commit.

        `ready` is given its result right before each attempt to commit.

        Raises:
            RuntimeError: no work is under way.
        """
        if self._under_way is None or not self.inside():
            raise RuntimeError("join() is for works; use submit()")
        job = _Job(work, wait_s, time.monotonic() + wait_s, ready)
        job.future.set_running_or_notify_cancel()
        self._under_way.append(job)
        return job.future

    def inside(self) -> bool:
        """Whether the caller runs inside a work."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """Run what is queued, then end."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    # --- the thread ---------------------------------------------------------------------------

    def _loop(self) -> None:
        while True:
            batch, closing = self._next()
            if batch or (self.problem and not closing):
                self._run(batch)
            elif closing:
                break
            elif not self._reserved:
                self._reserve()
        self._disconnect()

    def _next(self) -> tuple[list[_Job], bool]:
        with self._wake:
            if not self._waiting and not self._closing:
                self._wake.wait(self._patience())
            return self._take(_BATCH), self._closing

    def _patience(self) -> float | None:
        """With a problem, come back soon and see whether it is over."""
        if self.problem:
            return _PROBE_S
        return None if self._reserved else _QUIET_S

    def _reserve(self) -> None:
        """In the first quiet moment make the journal long enough; going without is no error."""
        self._reserved, self._patience_ms = True, None  # it sets its own
        try:
            journal.reserve(raw(self._connect()), self._paths.database)
        except Exception as error:  # nothing that is lost here is worth the thread
            _log.info("journal.short", error=type(error).__name__)
            self._disconnect()

    def _take(self, most: int) -> list[_Job]:
        taken: list[_Job] = []
        while self._waiting and len(taken) < most:
            job = self._waiting.popleft()
            if job.future.set_running_or_notify_cancel():
                taken.append(job)
        return taken

    def _run(self, batch: list[_Job]) -> None:
        """Commit `batch`, waiting for a foreign lock as long as its works want to wait."""
        while True:
            try:
                self._transaction(batch)
            except StorageBusy as error:
                self._report(error)
                batch = _not_expired(batch)
                with self._wake:
                    batch += self._take(_BATCH - len(batch))
                if batch:
                    continue
            except Exception as error:
                self._fail(batch, error)
            else:
                self._report(None)
                _settle(batch)
            return

    def _transaction(self, batch: list[_Job]) -> None:
        try:
            connection = self._connect()
            self._wait_at_most(connection, batch)
            self._under_way = batch
            with connection.begin():
                for job in batch:  # works may join in
                    self._savepoint(connection, job)
                count = tally.following(_commits(connection))
                raw(connection).execute(f"PRAGMA user_version = {count}")
                self._under_way = None
                for job in batch:
                    if job.ready is not None and job.error is None:
                        job.ready(job.result)
            self._acknowledged.write(count)
        except Exception as error:
            self._under_way = None
            self._disconnect()
            raise (storage_error(error, self._paths.root) or error) from error

    def _savepoint(self, connection: Connection, job: _Job) -> None:
        job.result = job.error = None
        driver = raw(connection)  # these cost a tenth there, and every piece of an answer pays
        driver.execute("SAVEPOINT work")
        try:
            job.result = job.work(connection)
        except BaseException as error:  # a work must never end the thread
            if storage_error(error, self._paths.root) and isinstance(
                error, SQLAlchemyError | sqlite3.Error | StorageError
            ):
                raise  # SQLite may have rolled back everything already
            driver.execute("ROLLBACK TO work")
            job.error = error
        driver.execute("RELEASE work")

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection, self._patience_ms = self._connection, None, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.invalidate()
            connection.close()

    def _wait_at_most(self, connection: Connection, batch: list[_Job]) -> None:
        """Let SQLite wait for a foreign lock no longer than the most impatient work wants to."""
        present = time.monotonic()
        seconds = min([BUSY_TIMEOUT_S, *(job.deadline - present for job in batch)])
        patience_ms = max(50, round(seconds * 1000))
        if patience_ms != self._patience_ms:
            raw(connection).execute(f"PRAGMA busy_timeout = {patience_ms}")
            self._patience_ms = patience_ms

    def _fail(self, batch: list[_Job], error: Exception) -> None:
        if isinstance(error, StorageError):
            self._report(error)
        else:
            _log.exception("write.broken", error)
        for job in batch:
            job.future.set_exception(error)

    def _report(self, problem: StorageError | None) -> None:
        before, self.problem = self.problem, problem
        if problem and (before is None or before.code != problem.code):
            _log.error("write.problem", error=problem.code)
        elif before and not problem:
            _log.info("write.recovered", error=before.code)


def _commits(connection: Connection) -> int:
    return int(raw(connection).execute("PRAGMA user_version").fetchone()[0])


def _not_expired(batch: list[_Job]) -> list[_Job]:
    present = time.monotonic()
    kept: list[_Job] = []
    for job in batch:
        if job.deadline > present:
            kept.append(job)
        else:
            waited = job.wait_s + present - job.deadline
            job.future.set_exception(StorageBusy(seconds=max(1, round(waited))))
    return kept


def _settle(batch: list[_Job]) -> None:
    for job in batch:
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
