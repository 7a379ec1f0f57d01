"""The storage of one data folder: one writer, any number of readers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from core import logs
from core.errors import DataFolderUnwritable, StorageError
from core.paths import DataPaths
from core.store import migrate, repair, seal, tally
from core.store.backup import Upkeep
from core.store.engine import reading_engine, writing_engine
from core.store.lock import FolderLock
from core.store.problems import probe_writing, storage_error
from core.store.report import OpenReport
from core.store.writer import WAIT_S, Writer

T = TypeVar("T")
_log = logs.part_logger("store")


class Store:
    """Rows survive any kill once `write` has returned. Use `open`, and `close` at the end."""

    def __init__(self, paths: DataPaths, lock: FolderLock, report: OpenReport) -> None:
        self.report = report
        self._paths = paths
        self._lock = lock
        self._acknowledged = tally.Tally(tally.tally_file(paths))
        self._readers = reading_engine(paths.database)
        self._writers = writing_engine(paths.database)
        self._writer = Writer(self._writers, paths, self._acknowledged)
        self._upkeep = Upkeep(paths)
        self._closed = False

    @classmethod
    def open(cls, paths: DataPaths, *, url: str | None = None, port: int | None = None) -> Store:
        """Take the data folder, mend and migrate its database where needed, and open it.

        `port` is written into the lock file for other programs to find. `url` names another
        database; only SQLite files are understood so far.

        Raises:
            DataFolderUnwritable: nothing can be written there.
            DataFolderInUse: another process has it (found within 2 s).
            SchemaTooNew: a newer Engawa wrote the database.
            DiskFull: no room for mending or migrating; nothing was changed.
        """
        paths = _located(paths, url)
        lock = _take(paths, port)
        try:
            with _translated(paths.root):
                report = repair.mend(paths)
                before = migrate.migrate(paths)
                return cls(paths, lock, replace(report, migrated_from=before))
        except BaseException:
            lock.release()
            raise

    @property
    def problem(self) -> StorageError | None:
        """Why nothing can be stored just now; `None`: all is well. Goes away by itself."""
        return self._writer.problem

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database; it never waits for the writer.

        Raises:
            StorageError: the database cannot be read.
        """
        try:
            with self._readers.connect() as connection:
                yield connection
        except (SQLAlchemyError, sqlite3.Error) as error:
            found = storage_error(error, self._paths.root)
            if found is None:
                raise
            raise found from error

    def write(self, work: Callable[[Connection], T], *, wait_s: float = WAIT_S) -> T:
        """Run `work` in the writer's transaction and return its result after the commit.

        `wait_s`: how long to wait while another program locks the database. `work` must be
        quick and must not commit; it is run again when a lock kept its transaction from ending.

        Raises:
            DiskFull, DataFolderUnwritable, StorageBusy, StorageError: nothing was stored.
            Whatever `work` raises; its own changes are then rolled back.
        """
        if self._writer.inside():
            raise RuntimeError("write() inside a work would wait for itself; use the connection")
        return self.submit(work, wait_s=wait_s).result()

    def submit(self, work: Callable[[Connection], T], *, wait_s: float = WAIT_S) -> Future[T]:
        """Like `write`, without waiting: the future resolves after the commit."""
        return self._writer.submit(work, wait_s)

    def join(
        self, work: Callable[[Connection], T], ready: Callable[[T], None] | None = None
    ) -> Future[T]:
        """Inside a work: run another after it, in the same transaction, as if by `submit`.

        When `work` raises, only its own changes are rolled back. `ready` is called with its result
        right before the commit, which may still fail; it must be quick and raise nothing.

        Raises:
            RuntimeError: the caller is inside no work.
        """
        return self._writer.join(work, WAIT_S, ready)

    def close(self) -> None:
        """Store what is queued, fold the journal into the database and free the folder."""
        if self._closed:
            return
        self._closed = True
        self._upkeep.close()
        self._writer.close()
        self._readers.dispose()
        with suppress(SQLAlchemyError), self._writers.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._writers.dispose()
        self._acknowledged.close()
        if not self._upkeep.doubtful:
            seal.write(self._paths)
        self._lock.release()


def _located(paths: DataPaths, url: str | None) -> DataPaths:
    if url is not None and url != f"sqlite:///{paths.database}":
        raise StorageError(detail="only the SQLite file of the data folder is understood so far")
    return paths


def _take(paths: DataPaths, port: int | None) -> FolderLock:
    try:
        paths.prepare()
        lock = FolderLock(paths, port=port)
    except OSError as error:
        raise DataFolderUnwritable(folder=paths.root) from error
    try:
        probe_writing(paths.root)
    except OSError as error:
        lock.release()
        raise (storage_error(error, paths.root) or error) from error
    return lock


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        found = storage_error(error, folder)
        if found is None:
            raise
        raise found from error
