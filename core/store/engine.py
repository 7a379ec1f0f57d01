"""Connections to the database, set up the same way everywhere."""

from __future__ import annotations

import json
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Dialect, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection, QueuePool
from sqlalchemy.util import LRUCache

from core.store import checksums

BUSY_TIMEOUT_S = 5.0
COMPILED = 1_000  # statements; a room needs some two hundred


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _to_json(value: Any) -> str:
    if value is None:  # most of what is stored is nothing
        return "null"
    return _ENCODER.encode(value)


def _from_json(text: str) -> Any:
    return None if text == "null" else json.loads(text)


def reading_engine(database: Path) -> Engine:
    """Connections that only read. There is always one more: a reader never waits for another."""
    engine = _engine(database, pool=QueuePool, pool_size=8, max_overflow=-1)
    _prepare(engine, ("PRAGMA query_only = ON",), begin="BEGIN")
    return engine


def writing_engine(database: Path, *, foreign_keys: bool = True) -> Engine:
    """Connections that write: WAL, every commit on the disk before it counts.

    `foreign_keys` is off only while a migration rebuilds tables.
    """
    engine = _engine(database, pool=NullPool)
    pragmas = (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}",
        "PRAGMA journal_size_limit = 16777216",
    )
    _prepare(engine, pragmas, begin="BEGIN IMMEDIATE")
    return engine


def plain_connection(database: Path, *, writable: bool = False) -> sqlite3.Connection:
    """A bare connection for checks, copies and salvage; creates no file.

    Raises:
        sqlite3.OperationalError: the file is not there or cannot be opened.
    """
    mode = "rw" if writable else "ro"
    connection = sqlite3.connect(
        f"{database.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    checksums.register(connection)
    return connection


# Compiling a statement takes ten times as long as running it, so all engines of a process share
# what is compiled. SQLAlchemy keeps that by dialect, so they share this one, too.
_compiled: Any = LRUCache(COMPILED)


@cache
def dialect() -> Dialect:
    """What all engines of this process share: how SQL is written and values are converted."""
    known = {"json_serializer": _to_json, "json_deserializer": _from_json}
    shared = create_engine("sqlite://", **known).dialect
    # Not by the event "begin": an engine with one looks for listeners around every statement.
    shared.do_begin = _begin  # type: ignore[method-assign]
    return shared


def _begin(dbapi_connection: PoolProxiedConnection) -> None:
    dbapi_connection.cursor().execute(dbapi_connection.info["begin"])


def _engine(database: Path, *, pool: type[NullPool] | type[QueuePool], **options: Any) -> Engine:
    engine = create_engine(
        f"sqlite:///{database}",
        poolclass=pool,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_S},
        json_serializer=_to_json,
        hide_parameters=True,  # an error's text must never carry what somebody wrote
        execution_options={"compiled_cache": _compiled},
        **options,
    )
    engine.dialect = dialect()
    return engine


def _prepare(engine: Engine, pragmas: tuple[str, ...], *, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        record.info["begin"] = begin
        connection.isolation_level = None  # we begin ourselves; the driver would begin too late
        checksums.register(connection)
        for pragma in pragmas:
            connection.execute(pragma)
