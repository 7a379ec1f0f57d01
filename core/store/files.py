"""Small durable file operations: what is on the disk when they return stays there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

# SQLite keeps a database in up to three files; they belong together.
COMPANIONS = ("", "-wal", "-shm")


def companion(database: Path, suffix: str) -> Path:
    """The file beside `database` whose name ends with `suffix`."""
    return database.with_name(database.name + suffix)


def sync_file(path: Path) -> None:
    """Return when the content of `path` is on the disk."""
    # Windows can only flush a file that is open for writing.
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Return when the names in `path` are on the disk (Windows does that by itself)."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(temporary: Path, final: Path) -> None:
    """Give a finished temporary file its final name; a kill leaves the old file or the new one."""
    sync_file(temporary)
    temporary.replace(final)
    sync_folder(final.parent)


def write_text(path: Path, text: str) -> None:
    """Write a small file as a whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text, encoding="utf-8")
    publish(temporary, path)


def copy(source: Path, target: Path) -> None:
    """Copy a file and wait until the copy is on the disk."""
    shutil.copyfile(source, target)
    sync_file(target)


def remove_database(database: Path) -> None:
    """Remove a database with its companions; none of them need exist."""
    for suffix in ("-wal", "-shm", "-journal", ""):
        companion(database, suffix).unlink(missing_ok=True)
