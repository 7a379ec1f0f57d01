"""The data folder and the database in it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import NamedTemporaryFile

from core.doctor.finding import Finding, Level
from core.errors import DataFolderUnwritable, DiskFull, SchemaTooNew
from core.settings import Settings
from core.text import N_

TOO_LITTLE_BYTES = 100_000_000
LITTLE_BYTES = 1_000_000_000


def data_folder(settings: Settings) -> Finding:
    root = settings.paths.root
    there = root if root.exists() else _nearest(root)
    params: dict[str, object] = {"folder": root}
    if not _writable(there):
        return Finding("data_folder", Level.ERROR, cause=DataFolderUnwritable(folder=root))
    free = shutil.disk_usage(there).free
    params |= {"free": f"{free / 1e9:.1f}"}
    if free < TOO_LITTLE_BYTES:
        return Finding("data_folder", Level.ERROR, cause=DiskFull(folder=root))
    if free < LITTLE_BYTES:
        text = N_("{folder} has only {free} GB left.")
        hint = N_("Free some space, or choose another folder with --storage.")
        return Finding("data_folder", Level.WARNING, text, hint, params)
    if not root.exists():
        text = N_("{folder} will be made at the first start; {free} GB are free.")
        return Finding("data_folder", Level.OK, text, params=params)
    text = N_("{folder} can be written; {free} GB are free.")
    return Finding("data_folder", Level.OK, text, params=params)


def database(settings: Settings) -> Finding:
    """Structure, schema and every row's checksum; nothing is mended here."""
    from core.store.engine import plain_connection
    from core.store.verify import damage, refuse_newer

    file = settings.paths.database
    params = {"file": file, "size": f"{_size(file) / 1e6:.1f}"}
    if not file.exists():
        text = N_("There is no database yet; it is made at the first start.")
        return Finding("database", Level.OK, text)
    try:
        with closing(plain_connection(file)) as connection:
            refuse_newer(connection)
            found = damage(connection)
    except SchemaTooNew as error:
        return Finding("database", Level.ERROR, cause=error)
    except sqlite3.Error:
        found = "unreadable"
    if found is not None:
        text = N_("The database {file} is damaged ({damage}).")
        hint = N_("Start Engawa: it sets the file aside and saves what can be read.")
        return Finding("database", Level.ERROR, text, hint, params | {"damage": found})
    text = N_("The database is whole ({size} MB).")
    return Finding("database", Level.OK, text, params=params)


def _nearest(folder: Path) -> Path:
    return next((parent for parent in folder.parents if parent.exists()), Path("/"))


def _writable(folder: Path) -> bool:
    # By trying: modes and access lists say one thing, read-only mounts another.
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return False
    try:
        with NamedTemporaryFile(dir=folder, prefix=".doctor-"):
            return True
    except OSError:
        return False


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
