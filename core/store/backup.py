"""Copies of the database that are known to be good: seven daily ones, one before a migration."""

from __future__ import annotations

import re
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from core import logs
from core.paths import DataPaths
from core.store import files, verify
from core.store.engine import plain_connection
from core.store.problems import storage_error

KEPT = 7
_DAILY = re.compile(r"daily-\d{4}-\d{2}-\d{2}\.db")
_FIRST_S = 15.0  # after the start
_HOUR_S = 3600.0
_log = logs.part_logger("backup")


class BackupFailed(Exception):
    """The copy was not good; nothing was kept of it."""


def make(database: Path, target: Path) -> None:
    """Copy a database, used by others meanwhile or not, verify the copy and give it its name.

    Raises:
        BackupFailed: the copy is damaged, so the database is.
        sqlite3.Error, OSError: reading or writing failed (disk full, say).
    """
    unfinished = target.with_name(target.name + ".part")
    files.remove_database(unfinished)
    try:
        _copy(database, unfinished)
        if not verify.sound(unfinished):
            raise BackupFailed(target.name)
        files.publish(unfinished, target)
    finally:
        files.remove_database(unfinished)


def before_migration(paths: DataPaths, version: str) -> Path:
    """The backup from which an unlucky migration can be undone."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    target = paths.backups / f"before-migration-of-{version}-{moment}.db"
    make(paths.database, target)
    return target


def daily(paths: DataPaths, today: date) -> Path | None:
    """Today's backup, if it is not there yet; then only the newest seven are kept."""
    target = paths.backups / f"daily-{today.isoformat()}.db"
    if target.exists():
        return None
    for unfinished in paths.backups.glob("*.part*"):
        unfinished.unlink(missing_ok=True)
    make(paths.database, target)
    for old in all_daily(paths)[KEPT:]:
        old.unlink(missing_ok=True)
    return target


def all_daily(paths: DataPaths) -> list[Path]:
    """The daily backups, newest first."""
    return sorted(
        (file for file in paths.backups.glob("daily-*.db") if _DAILY.fullmatch(file.name)),
        reverse=True,
    )


def newest_sound(paths: DataPaths) -> Path | None:
    """The newest backup that proves good when it is read again."""
    before = sorted(paths.backups.glob("before-migration-of-*.db"), key=_made_at)
    candidates = sorted([*all_daily(paths), *before], key=_made_at, reverse=True)
    return next((file for file in candidates if verify.sound(file)), None)


class Upkeep:
    """Makes the daily backup in the background: soon after the start, then when a day begins.

    Not during the start, which has better things to do; at the end at the latest.

    `doubtful`: a backup proved damaged, so the database is; the next start will examine it.
    """

    def __init__(self, paths: DataPaths) -> None:
        self.doubtful = False
        self._paths = paths
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="store-backup", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; a backup that is being made is finished first."""
        self._end.set()
        self._thread.join()

    def _loop(self) -> None:
        ended = self._end.wait(_FIRST_S)
        self._once()
        while not ended:
            ended = self._end.wait(_HOUR_S)
            self._once()

    def _once(self) -> None:
        try:
            if made := daily(self._paths, datetime.now(UTC).date()):
                _log.info("backup.made", bytes=made.stat().st_size)
        except (BackupFailed, sqlite3.Error, OSError) as error:
            self.doubtful |= isinstance(error, BackupFailed)
            found = storage_error(error, self._paths.root)
            _log.exception("backup.failed", found or error)


def _copy(database: Path, target: Path) -> None:
    writable = plain_connection(database, writable=True)  # a reader needs the shared index too
    with closing(writable) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)  # one step: a snapshot that writers neither wait for nor disturb
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, complete in itself


def _made_at(file: Path) -> float:
    return file.stat().st_mtime
