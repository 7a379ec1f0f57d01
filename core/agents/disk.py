"""Reading and writing one file of an agent: bounded, atomic, never through a link."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path

from core.store.files import publish, sync_folder
from core.store.problems import storage_error

PART = ".part"


def read(path: Path, limit: int, *, links: bool = False) -> bytes:
    """The bytes of a regular file, `limit` + 1 of them at most.

    `links`: whether a link of the user's own is followed.

    Raises:
        OSError: it is not there, no regular file, or cannot be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not links:
        flags |= getattr(os, "O_NOFOLLOW", 0)
        if path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    with open(os.open(path, flags), "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return opened.read(limit + 1)


def write(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all; a link of that name is replaced, not followed.

    Raises:
        StorageError: nothing was written.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(PART, f".{path.name[:40]}.", path.parent)
        with open(descriptor, "wb") as opened:
            opened.write(content)
        publish(Path(temporary), path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise storage_error(error, path.parent) or error from error


def remove(path: Path) -> None:
    """Remove a file; one that is not there is removed already.

    Raises:
        StorageError: it is still there.
    """
    try:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise storage_error(error, path.parent) or error from error


def sweep(folder: Path) -> None:
    """Remove what a kill in the middle of `write` left behind."""
    for left in folder.glob(f".*{PART}"):
        with contextlib.suppress(OSError):
            left.unlink()
