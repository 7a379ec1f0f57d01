"""What the user chose in the app: small values that survive a restart."""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from core.store import Store, tables as t


class Preferences:
    """A mapping of names to JSON values, read from memory and written through to SQL."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        with store.read() as conn:
            rows = conn.execute(select(t.preferences)).all()
        self._values: dict[str, Any] = {row.name: row.value for row in rows}

    def get(self, name: str, default: Any = None) -> Any:
        """The chosen value, or `default` when nothing was chosen."""
        with self._lock:
            return self._values.get(name, default)

    def set(self, name: str, value: Any) -> None:
        """Keep `value`; `None` forgets the choice.

        Raises:
            StorageError: it could not be stored, and nothing changed.
        """

        def work(conn: Connection) -> None:
            conn.execute(delete(t.preferences).where(t.preferences.c.name == name))
            if value is not None:
                conn.execute(insert(t.preferences), {"name": name, "value": value})

        self._store.write(work)
        with self._lock:
            self._values.pop(name, None)
            if value is not None:
                self._values[name] = value
