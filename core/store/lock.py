"""One app per data folder: a lock of the operating system on a file that names its holder.

The lock belongs to the process and ends with it, however it ends; what a killed process left
written in the file is therefore no obstacle.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import DataFolderInUse
from core.paths import DataPaths

_PATIENCE_S = 0.5  # `holder` takes the lock for an instant; that must not refuse a start
_STEP_S = 0.05
_SIZE = 128  # bytes; overwritten as a whole, so that a reader never sees half a name

if sys.platform == "win32":
    import msvcrt

    # Windows locks are mandatory: lock a byte far behind the text, so that it stays readable.
    _LOCKED_BYTE = 1 << 20

    def _take(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        # flock, not lockf: closing another descriptor of the file must not end the lock.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@dataclass(frozen=True, slots=True)
class LockHolder:
    """The process that holds a data folder. `None`: it has not said so (yet)."""

    pid: int | None
    port: int | None


class FolderLock:
    """The right to use a data folder, held until `release` or the end of the process."""

    def __init__(self, paths: DataPaths, *, port: int | None = None) -> None:
        """Take the lock.

        Raises:
            DataFolderInUse: another process holds it, found within a second.
            OSError: the file cannot be written.
        """
        self._descriptor: int | None = _open(paths.lock)
        try:
            _take_patiently(self._descriptor, paths)
            _write(self._descriptor, LockHolder(os.getpid(), port))
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give the folder back; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def holder(paths: DataPaths) -> LockHolder | None:
    """Who holds the data folder now; `None`: nobody."""
    if not paths.lock.exists():
        return None
    descriptor = os.open(paths.lock, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        _take(descriptor)
    except OSError:
        return _read(paths.lock)
    finally:
        os.close(descriptor)
    return None


def _open(file: Path) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT, 0o644)


def _take_patiently(descriptor: int, paths: DataPaths) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return _take(descriptor)
        except OSError:
            if time.monotonic() >= deadline:
                found = _read(paths.lock)
                raise DataFolderInUse(folder=paths.root, pid=found.pid or "?") from None
            time.sleep(_STEP_S)


def _write(descriptor: int, found: LockHolder) -> None:
    text = json.dumps({"pid": found.pid, "port": found.port}).ljust(_SIZE - 1) + "\n"
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, text.encode("ascii"))


def _read(file: Path) -> LockHolder:
    with suppress(OSError, ValueError):
        found = json.loads(file.read_text(encoding="ascii"))
        if isinstance(found, dict):
            return LockHolder(found.get("pid"), found.get("port"))
    return LockHolder(None, None)
