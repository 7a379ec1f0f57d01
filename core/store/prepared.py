"""Statements that every message and every piece of a reply waits for, without the ceremony.

SQLAlchemy writes the SQL and knows the types, once; the driver runs it. Of a small statement that
leaves a fifth to a third of the time, and some forty lie between a message and its answer's end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, RowMapping
from sqlalchemy.exc import NoResultFound

from core.store.engine import dialect
from core.store.schema import raw

Row = Mapping[str, Any] | RowMapping  # by column name
_Given = Mapping[str, Any]  # by parameter
_Convert = Callable[[Any], Any]


class Prepared:
    """One statement, run with values for its parameters (`bindparam`s). Thread-safe.

    It runs in the transaction of the connection that it is given, and begins one where there is
    none. What goes wrong is raised as the driver says it (`sqlite3.Error`), which the storage
    understands as well.

    `columns`: of an `insert`, those that are given; none may be left to its default.

    Raises:
        TypeError, when run: the values of a parameter decide about the SQL, or something else
            than `columns` is given.
    """

    def __init__(self, statement: Executable, columns: Sequence[str] = ()) -> None:
        self._statement, self._columns = statement, columns
        self._compiled: _Compiled | None = None

    def rows(self, conn: Connection, given: _Given) -> list[dict[str, Any]]:
        """What is found, as rows by column name."""
        ready, found = self._run(conn, given)
        return [ready.row(values) for values in found]

    def batches(self, conn: Connection, given: _Given, most: int) -> Iterator[list[dict[str, Any]]]:
        """The same, fetched `most` at a time."""
        ready, found = self._run(conn, given)
        while batch := found.fetchmany(most):
            yield [ready.row(values) for values in batch]

    def first(self, conn: Connection, given: _Given) -> dict[str, Any] | None:
        """The first row; `None` when nothing is found."""
        ready, found = self._run(conn, given)
        values = found.fetchone()
        found.close()
        return None if values is None else ready.row(values)

    def one(self, conn: Connection, given: _Given) -> dict[str, Any]:
        """The first row.

        Raises:
            NoResultFound: there is none.
        """
        row = self.first(conn, given)
        if row is None:
            raise NoResultFound("no row was found")
        return row

    def scalar(self, conn: Connection, given: _Given) -> Any:
        """The first column of the first row; `None` when nothing is found."""
        row = self.first(conn, given)
        return None if row is None else next(iter(row.values()))

    def run(self, conn: Connection, given: _Given) -> int:
        """Run it for what it does; how many rows that concerned."""
        return self._run(conn, given)[1].rowcount

    def _run(self, conn: Connection, given: _Given) -> tuple[_Compiled, sqlite3.Cursor]:
        ready = self._compiled
        if ready is None:  # not at import: that would cost the start of the app
            ready = self._compiled = _Compiled(self._statement, self._columns)
        if not conn.in_transaction():
            conn.begin()
        return ready, raw(conn).execute(ready.sql, ready.values(given))


class _Compiled:
    """The SQL of a statement, and what its values and columns are converted by."""

    def __init__(self, statement: Any, columns: Sequence[str]) -> None:
        known = dialect()
        compiled = statement.compile(dialect=known, column_keys=list(columns) or None)
        made = compiled.insert_prefetch or compiled.update_prefetch
        if made or compiled.post_compile_params:
            raise TypeError(f"values that are made at every run: {compiled}")
        self.sql, self._exact = str(compiled), bool(columns)
        self._given: list[tuple[int, str, _Convert | None]] = []
        self._values: list[Any] = []
        for place, name in enumerate(compiled.positiontup):
            bound = compiled.binds[name]
            convert = bound.type.dialect_impl(known).bind_processor(known)
            if bound.required:
                self._given.append((place, name, convert))
            self._values.append(None if bound.required else _fixed(bound.value, convert))
        found = statement.exported_columns
        self._names = tuple(found.keys())
        converts = [one.type.dialect_impl(known).result_processor(known, None) for one in found]
        self._found = [pair for pair in zip(self._names, converts, strict=True) if pair[1]]

    def values(self, given: _Given) -> list[Any]:
        if self._exact and len(given) != len(self._given):
            raise TypeError(f"{sorted(given)} for {[name for _place, name, _c in self._given]}")
        values = self._values.copy()
        for place, name, convert in self._given:
            values[place] = given[name] if convert is None else convert(given[name])
        return values

    def row(self, values: Sequence[Any]) -> dict[str, Any]:
        row = dict(zip(self._names, values, strict=True))
        for name, convert in self._found:
            row[name] = convert(row[name])
        return row


def _fixed(value: Any, convert: _Convert | None) -> Any:
    value = value if convert is None else convert(value)
    return str(value) if isinstance(value, str) else value  # of an enumeration, its word
