"""Reading what can be read of a damaged table: whole rows only, around the damaged pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from core.store import checksums
from core.store.checksums import quoted
from core.store.problems import expect_damage

Row = dict[str, object]
_STEP = 64  # rowids tried at once between damaged places
_BLIND = 5_000  # rowids tried beyond a damaged end, where nothing says how far the table went
_ERRORS = (sqlite3.DatabaseError, UnicodeError, OverflowError)


@dataclass
class TableRows:
    """The good rows of one table by rowid, and those that certainly were there and are lost.

    `damaged` with nothing in `lost`: some rows may be missing, nobody knows how many.
    """

    columns: list[str]
    rows: dict[int, Row] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)
    damaged: bool = False


def read_table(connection: sqlite3.Connection, table: str, columns: list[str]) -> TableRows:
    """Every row of a rowid table that can be read and whose checksum fits."""
    found = TableRows(columns)
    reader = _Reader(connection, table, found)
    if not reader.known():
        found.damaged = True
        return found
    first = reader.scan("ASC")
    if reader.broken:
        last = reader.scan("DESC")
        reader.between(first, last)
    return found


class _Reader:
    def __init__(self, connection: sqlite3.Connection, table: str, found: TableRows) -> None:
        self._connection = connection
        self._table = quoted(table)
        self._found = found
        self._covered = checksums.covered(found.columns)
        names = ", ".join(quoted(name) for name in [*self._covered, checksums.COLUMN])
        self._select = f"SELECT rowid, {names} FROM {self._table}"
        self.broken = False

    def known(self) -> bool:
        """Whether the list of tables lets SQLite find the table at all."""
        try:
            self._connection.execute(f"{self._select} LIMIT 0")
        except _ERRORS as error:
            expect_damage(error)
            return False
        return True

    def scan(self, order: str) -> int | None:
        """Read in this order until damage or the end; the last rowid that was read."""
        last: int | None = None
        try:
            for values in self._connection.execute(f"{self._select} ORDER BY rowid {order}"):
                last = int(values[0])
                self._keep(values)
        except _ERRORS as error:
            expect_damage(error)
            self.broken = self._found.damaged = True
        return last

    def between(self, low: int | None, high: int | None) -> None:
        """Try every rowid between two damaged places, several at once where that works."""
        known = self._from_indexes(low or 0, high)
        if low is None and high is None and not known:
            return  # its first page is gone: no row can be reached
        low = low or 0
        candidates = iter(self._candidates(known, low, high))
        while chunk := list(islice(candidates, _STEP)):
            if not self._try(chunk):
                for rowid in chunk:
                    self._try([rowid])
        self._found.lost |= known - self._found.rows.keys()

    def _candidates(self, known: set[int], low: int, high: int | None) -> Iterable[int]:
        if high is None:
            return range(low + 1, max(known, default=low + _BLIND) + 1)
        if high - low <= 4 * _BLIND or not known:
            return range(low + 1, min(high, low + 4 * _BLIND))
        return sorted(known)

    def _from_indexes(self, low: int, high: int | None) -> set[int]:
        """Rowids that indexes name: they lie on other pages than the rows."""
        known: set[int] = set()
        top = high if high is not None else (1 << 62)
        for name in self._indexes():
            query = f"SELECT rowid FROM {self._table} INDEXED BY {quoted(name)}"
            try:
                for (rowid,) in self._connection.execute(query):
                    if low < rowid < top:
                        known.add(rowid)
            except _ERRORS as error:
                expect_damage(error)
        return known

    def _indexes(self) -> Iterator[str]:
        try:
            rows = self._connection.execute(f"PRAGMA index_list({self._table})").fetchall()
        except _ERRORS as error:
            return expect_damage(error)
        for row in rows:
            if not row[4]:  # a partial index lacks rows
                yield row[1]

    def _try(self, rowids: list[int]) -> bool:
        query = f"{self._select} WHERE rowid BETWEEN ? AND ?"
        try:
            rows = self._connection.execute(query, (rowids[0], rowids[-1])).fetchall()
        except _ERRORS as error:
            expect_damage(error)
            return False
        for values in rows:
            self._keep(values)
        return True

    def _keep(self, values: tuple[object, ...]) -> None:
        rowid, *content, checksum = values
        if not isinstance(rowid, int) or rowid in self._found.rows:
            return
        if checksum == checksums.row_checksum(*content):
            self._found.rows[rowid] = dict(zip(self._covered, content, strict=True))
        else:
            self._found.lost.add(rowid)
