"""What happened to the machine, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, desc, func, insert, select

from core.errors import StorageError
from core.hardware.events import Event
from core.store import Store
from core.store.tables import machine_events
from core.store.times import from_text, to_text

KEPT = 5_000


class EventLog:
    """The last 5,000 events. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, events: Sequence[Event]) -> None:
        """Keep what happened; returns at once."""
        rows = [_row(event) for event in events]

        def work(connection: Connection) -> None:
            connection.execute(insert(machine_events), rows)
            newest = select(func.max(machine_events.c.id)).scalar_subquery()
            connection.execute(delete(machine_events).where(machine_events.c.id <= newest - KEPT))

        if rows:
            with suppress(StorageError):  # closed, say
                self._store.submit(work)

    def read(self, limit: int, before: int | None = None) -> list[Event]:
        """The newest first; `before`: only those with a smaller id.

        Raises:
            StorageError: the database cannot be read.
        """
        query = select(machine_events).order_by(desc(machine_events.c.id)).limit(limit)
        if before is not None:
            query = query.where(machine_events.c.id < before)
        with self._store.read() as connection:
            rows = connection.execute(query).all()
        return [
            Event(from_text(row.at).timestamp(), row.kind, row.subject, row.detail, row.id)
            for row in rows
        ]


def _row(event: Event) -> dict[str, Any]:
    return {
        "at": to_text(datetime.fromtimestamp(event.at, UTC)),
        "kind": event.kind,
        "subject": event.subject,
        "detail": dict(event.detail),
    }
