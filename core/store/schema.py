"""The schema of a database file: which version it has, and how a new file is made."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from core.store import checksums, files
from core.store.engine import writing_engine
from core.store.tables import metadata

VERSIONS = Path(__file__).parent / "migrations" / "versions"


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
    """Create the present schema in a new file."""
    engine = writing_engine(database)
    try:
        with engine.begin() as connection:
            for statement in _statements():
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql(
                "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
                " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
            )
            connection.exec_driver_sql(
                "INSERT INTO alembic_version VALUES (?)", (known_versions()[-1],)
            )
            checksums.seal(raw(connection))
    finally:
        engine.dispose()


@cache
def _statements() -> tuple[str, ...]:
    """What makes every table and index of an empty file: worded once in a process, not per file."""
    tables = metadata.sorted_tables
    indexes = sorted(
        (one for table in tables for one in table.indexes), key=lambda one: one.name or ""
    )
    wanted: list[ExecutableDDLElement] = [*map(CreateTable, tables), *map(CreateIndex, indexes)]
    return tuple(str(statement.compile(dialect=sqlite.dialect())) for statement in wanted)
