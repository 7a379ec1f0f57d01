"""Whether a database file can be trusted: its structure, its schema, every row of it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from core.errors import SchemaTooNew
from core.store import checksums, schema, tally
from core.store.engine import plain_connection
from core.store.problems import expect_damage

_NUMBERED = re.compile(r"\w{1,32}", re.ASCII)


def damage(connection: sqlite3.Connection) -> str | None:
    """What is wrong with an open database; `None`: nothing.

    Covers structure, indexes, schema and the checksum of every row. Not covered: rows that are
    whole but old, as after a journal was deleted (`missing_commits` finds those).

    Raises:
        sqlite3.Error: the file could not be examined (locked, say), so nothing is known.
    """
    try:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            return "structure"
        if not schema_intact(connection):
            return "schema"
        if not all(
            _rows_intact(connection, *item) for item in checksums.tables_of(connection).items()
        ):
            return "rows"
    except (sqlite3.DatabaseError, UnicodeError) as error:
        expect_damage(error)
        return "unreadable"
    return None


def sound(database: Path) -> bool:
    """Whether a closed database file (a backup) is whole and has a schema."""
    with closing(plain_connection(database)) as connection:
        return damage(connection) is None and schema.version_of(connection) is not None


def missing_commits(connection: sqlite3.Connection, acknowledged: int | None) -> int:
    """How many acknowledged commits an open database lacks."""
    count = connection.execute("PRAGMA user_version").fetchone()[0]
    return tally.missing(count, acknowledged)


def refuse_newer(connection: sqlite3.Connection) -> None:
    """Leave a database of a newer Engawa alone.

    Raises:
        SchemaTooNew: its version is none of ours, and is not one of ours with a flipped byte.
    """
    try:
        version = schema.version_of(connection)
    except (sqlite3.DatabaseError, UnicodeError) as error:
        expect_damage(error)
        return
    known = schema.known_versions()
    if version is None or version in known or not _NUMBERED.fullmatch(version):
        return
    if schema_intact(connection) or not any(_one_off(version, own) for own in known):
        raise SchemaTooNew(found=version, known=known[-1])


def schema_intact(connection: sqlite3.Connection) -> bool:
    """Whether tables, indexes, triggers and version are what was noted in the header."""
    noted = connection.execute("PRAGMA application_id").fetchone()[0]
    return bool(noted == checksums.schema_checksum(connection))


def _rows_intact(connection: sqlite3.Connection, table: str, columns: list[str]) -> bool:
    query = (
        f"SELECT 1 FROM {checksums.quoted(table)}"
        f" WHERE {checksums.COLUMN} IS NOT {checksums.expression(columns)} LIMIT 1"
    )
    return connection.execute(query).fetchone() is None


def _one_off(version: str, known: str) -> bool:
    differences = sum(a != b for a, b in zip(version, known, strict=False))
    return len(version) == len(known) and differences == 1
