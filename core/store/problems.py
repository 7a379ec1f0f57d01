"""Which of the errors of SQLite and the system are the storage's own, and what they are called."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from core.errors import DataFolderUnwritable, DiskFull, StorageBusy, StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_PROBE_BYTES = 1 << 16


def storage_error(error: BaseException, folder: Path) -> StorageError | None:
    """The storage error behind `error`; `None` when it is something else (a constraint, a bug)."""
    if isinstance(error, StorageError):
        return error
    if isinstance(error, OSError):
        return _from_system(error, folder)
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _from_sqlite(cause, folder)
    return None


# Codes that say something about the content of a file; all others are about the machine.
_DAMAGE = {
    0,  # the driver's own errors: text that is no UTF-8
    sqlite3.SQLITE_ERROR,  # a schema that makes no sense
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_SCHEMA,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_TOOBIG,
}


def expect_damage(error: Exception) -> None:
    """Return when `error` shows that a file is damaged; raise it again when it does not.

    A locked file or a full disk must never be taken for damage.
    """
    if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGE:
        raise error


def _from_system(error: OSError, folder: Path) -> StorageError:
    if error.errno in _FULL:
        return DiskFull(folder=folder)
    if error.errno in _READ_ONLY:
        return DataFolderUnwritable(folder=folder)
    return StorageError(detail=error.strerror or type(error).__name__)


def _from_sqlite(error: sqlite3.Error, folder: Path) -> StorageError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageBusy(seconds=5)
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(folder=folder)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return DataFolderUnwritable(folder=folder)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StorageError(detail="the database file is damaged; a restart repairs it")
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL):
        return _why_not_writable(folder) or StorageError(detail=str(error))
    return None


def _why_not_writable(folder: Path) -> StorageError | None:
    """SQLite says no more than "I/O error": try it, the system names the reason."""
    try:
        probe_writing(folder)
    except OSError as error:
        return _from_system(error, folder)
    return None


def probe_writing(folder: Path) -> None:
    """Write a little into `folder` and remove it again.

    Raises:
        OSError: that is not possible.
    """
    probe = folder / ".writable"
    try:
        probe.write_bytes(bytes(_PROBE_BYTES))
    finally:
        with suppress(OSError):
            probe.unlink()
