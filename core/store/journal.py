"""Room for the journal, made ahead: a commit that need not lengthen its file waits half as long.

SQLite writes each commit behind the last one and starts again at the front after some 4 MB, so
all commits up to there lengthen the file, and the file system must store that, too, before the
commit counts.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from core.store import files

AHEAD_BYTES = 4 << 20  # what it grows to by itself: a thousand pages
SPARE_BYTES = 64 << 20  # a disk with less has better use for it
_PAGES_KEPT = 16  # in memory while the room is made; what is more goes to the journal at once


def reserve(connection: sqlite3.Connection, database: Path) -> None:
    """Lengthen the journal of a writing connection that is in no transaction; nothing is stored.

    Raises:
        sqlite3.Error, OSError: somebody else writes just now, or the disk refuses.
    """
    journal = files.companion(database, "-wal")
    if journal.exists() and journal.stat().st_size >= AHEAD_BYTES:
        return
    if shutil.disk_usage(database.parent).free < SPARE_BYTES:
        return
    (kept,) = connection.execute("PRAGMA cache_size").fetchone()
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    connection.execute("PRAGMA busy_timeout = 0")  # each transaction says anew how long it waits
    connection.execute(f"PRAGMA cache_size = {_PAGES_KEPT}")
    size = AHEAD_BYTES + 2 * _PAGES_KEPT * page
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE journal_ahead (room)")
        connection.execute("INSERT INTO journal_ahead VALUES (zeroblob(?))", (size,))
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute(f"PRAGMA cache_size = {kept}")
    files.sync_file(journal)  # placed on the disk now, not with the next commit
