"""A checksum in every row, so that a flipped byte is found and never shown as somebody's words.

SQLite notices damage to its structure but not to a text. Triggers write a CRC-32 over all other
columns of a row into its `checksum`; the check at start compares. The function behind them
exists only in connections that Engawa opens, so another program can read the tables but is
refused when it writes to them. PostgreSQL has page checksums of its own and gets none of this.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable

COLUMN = "checksum"
_SCHEMA_ROWS = (
    "SELECT type, name, tbl_name, sql FROM sqlite_master"
    " WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name"
)
_VERSION_ROWS = "SELECT version_num FROM alembic_version"
_FUNCTION = "row_checksum"


def row_checksum(*values: object) -> int:
    """CRC-32 of a row's values as SQLite hands them out (str, int, float, bytes, None)."""
    text = "\x1f".join([f"{value.__class__.__name__}:{value}" for value in values])
    return zlib.crc32(text.encode())


def register(connection: sqlite3.Connection) -> None:
    """Make the function known to a connection; without it the tables cannot be written."""
    connection.create_function(_FUNCTION, -1, row_checksum, deterministic=True)


def tables_of(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The tables with checksums in a file, of whatever version, each with its columns."""
    found: dict[str, list[str]] = {}
    names = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid"
    for (table,) in connection.execute(names).fetchall():
        info = connection.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
        columns = [row[1] for row in info]
        if COLUMN in columns:
            found[table] = columns
    return found


def covered(columns: Iterable[str]) -> list[str]:
    """Which of a table's columns its checksum covers, in its order."""
    return sorted(name for name in columns if name != COLUMN)


def expression(columns: Iterable[str], prefix: str = "") -> str:
    """SQL that computes the checksum of a row anew."""
    return f"{_FUNCTION}({', '.join(prefix + quoted(name) for name in covered(columns))})"


def seal(connection: sqlite3.Connection) -> None:
    """Create the triggers that are not there (new or migrated tables) and count their rows once.

    Also notes a checksum of the schema itself in the file's header.
    """
    for table, columns in tables_of(connection).items():
        wanted = _triggers(connection, table, columns)
        there = dict(connection.execute("SELECT name, sql FROM sqlite_master").fetchall())
        if all(there.get(name) == sql for name, sql in wanted.items()):
            continue
        for name in wanted:
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        connection.execute(f"UPDATE {quoted(table)} SET {COLUMN} = {expression(columns)}")
        for sql in wanted.values():
            connection.execute(sql)
    connection.execute(f"PRAGMA application_id = {schema_checksum(connection)}")


def schema_checksum(connection: sqlite3.Connection) -> int:
    """What the file's header should say about the schema and its version."""
    rows = connection.execute(_SCHEMA_ROWS).fetchall()
    return checksum_of(rows + connection.execute(_VERSION_ROWS).fetchall())


def checksum_of(rows: Iterable[tuple[object, ...]]) -> int:
    """CRC-32 of rows, signed as SQLite's header keeps it."""
    crc = 0
    for row in rows:
        crc = zlib.crc32("\x1f".join(map(str, row)).encode(), crc)
    return crc - (1 << 32) if crc >= 1 << 31 else crc


def _triggers(connection: sqlite3.Connection, table: str, columns: list[str]) -> dict[str, str]:
    info = connection.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
    source = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,))
    without_rowid = source.fetchone()[0].upper().rstrip().endswith("WITHOUT ROWID")
    keys = [quoted(row[1]) for row in info if row[5]] if without_rowid else ["rowid"]
    this_row = " AND ".join(f"{key} = NEW.{key}" for key in keys)
    value, watched = expression(columns, "NEW."), ", ".join(map(quoted, covered(columns)))
    body = f"BEGIN UPDATE {quoted(table)} SET {COLUMN} = {value} WHERE {this_row}; END"
    added, changed = f"checksum_added_{table}", f"checksum_changed_{table}"
    return {
        added: f"CREATE TRIGGER {added} AFTER INSERT ON {quoted(table)} {body}",
        changed: f"CREATE TRIGGER {changed} AFTER UPDATE OF {watched} ON {quoted(table)} {body}",
    }


def quoted(name: str) -> str:
    """A name as SQL wants it."""
    return f'"{name}"'
