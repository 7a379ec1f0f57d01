"""The schema of a database file: which version it has, and how a new file is made."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from core.store import checksums, files
from core.store.tables import metadata

VERSIONS = Path(__file__).parent / "migrations" / "versions"
# Where a file's header says that it is written and read through a journal (sqlite.org/fileformat).
_WAL_AT, _WAL = 18, b"\x02\x02"


def known_versions(folder: Path = VERSIONS) -> list[str]:
    """All versions, oldest first: migrations are numbered files, so Alembic is not needed here."""
    return sorted(file.stem for file in folder.glob("[0-9]*.py"))


def version_of(connection: sqlite3.Connection) -> str | None:
    """The schema version of a database; `None` when it has no schema.

    Raises:
        sqlite3.DatabaseError: the file cannot be read.
    """
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
    if there.fetchone() is None:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def raw(connection: Connection) -> sqlite3.Connection:
    """The driver's connection, inside the same transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def create(database: Path) -> None:
    """Make a new, empty database: whole or not at all.

    Equal to running every migration (a test compares them), without loading Alembic.
    """
    unfinished = files.companion(database, ".new")
    files.remove_database(unfinished)
    fill(unfinished)
    files.publish(unfinished, database)


def fill(database: Path) -> None:
    """Write a new file with the present schema and no rows."""
    database.write_bytes(_empty())
    files.sync_file(database)


@cache
def _empty() -> bytes:
    """An empty database as it lies in a file: made once in a process."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        checksums.register(connection)
        connection.execute("BEGIN")
        for statement in _statements():
            connection.execute(statement)
        connection.execute("INSERT INTO alembic_version VALUES (?)", (known_versions()[-1],))
        checksums.seal(connection)
        connection.execute("COMMIT")
        made = connection.serialize()
    return made[:_WAL_AT] + _WAL + made[_WAL_AT + len(_WAL) :]


def _statements() -> Iterator[str]:
    """What makes every table and index."""
    tables = metadata.sorted_tables
    indexes = sorted(
        (one for table in tables for one in table.indexes), key=lambda one: one.name or ""
    )
    wanted: list[ExecutableDDLElement] = [*map(CreateTable, tables), *map(CreateIndex, indexes)]
    for statement in wanted:
        yield str(statement.compile(dialect=sqlite.dialect()))
    yield (
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
