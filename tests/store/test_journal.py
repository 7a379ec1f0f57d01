"""The journal is made long enough ahead, and nobody notices but for the time."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from core.paths import DataPaths
from core.store import Store, files, journal
from core.store.engine import plain_connection
from testing import writing


def length(paths: DataPaths) -> int:
    return files.companion(paths.database, "-wal").stat().st_size


def wait_until_long(paths: DataPaths) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if length(paths) >= journal.AHEAD_BYTES:
            return True
        time.sleep(0.02)
    return False


def test_a_quiet_moment_makes_the_journal_long(store: Store, data_paths: DataPaths) -> None:
    writing.write_line(store)
    assert wait_until_long(data_paths)
    long = length(data_paths)
    for _ in range(20):
        writing.write_line(store)
    assert length(data_paths) == long


def test_what_follows_is_found_after_a_kill(
    store: Store, data_paths: DataPaths, tmp_path: Path
) -> None:
    """What lies in the journal beyond the last commit is no part of the database."""
    before = writing.write_line(store)
    assert wait_until_long(data_paths)
    after = writing.write_line(store)
    copied = tmp_path / "copied.sqlite3"
    for ending in ("", "-wal"):
        shutil.copy(files.companion(data_paths.database, ending), files.companion(copied, ending))
    with sqlite3.connect(copied) as connection:
        found = connection.execute("SELECT id FROM messages ORDER BY seq").fetchall()
        assert found == [(before,), (after,)]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
        assert ("journal_ahead",) not in tables


def test_somebody_else_who_writes_is_no_trouble(store: Store, data_paths: DataPaths) -> None:
    other = plain_connection(data_paths.database, writable=True)
    mine = plain_connection(data_paths.database, writable=True)
    mine.execute("PRAGMA busy_timeout = 50")
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            journal.reserve(mine, data_paths.database)
    finally:
        other.execute("ROLLBACK")
        other.close()
        mine.close()
    identity = writing.write_line(store)
    assert [found for _seq, found, _content in writing.stored(store)] == [identity]
