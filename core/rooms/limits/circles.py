"""Beside the talk: whether agents go in circles by what they mean, not only by their words.

After every turn one thread looks at the lines that agents have said to each other; nobody waits
for it. The encoder is loaded when agents begin to talk among themselves, and given up when
nobody has needed it for a while. Where there is none, words alone decide, in `budget.spend`.
"""

from __future__ import annotations

import queue
import threading
import time

from sqlalchemy import select

from core.errors import EncoderAway
from core.logs import part_logger
from core.rooms.limits import budget
from core.rooms.limits.meaning import Encoding, Meaning
from core.rooms.log import Logs
from core.store import Store, tables as t

AGAIN_S = 600.0  # after the encoder was not there

log = part_logger("rooms")


class Circles:
    """Thread-safe. Does nothing until it is told which encoder there is."""

    def __init__(self, store: Store, logs: Logs) -> None:
        self._store, self._logs = store, logs
        self._meaning: Meaning | None = None
        self._rooms: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._not_before = 0.0

    def understand(self, encoder: Encoding) -> None:
        """Look at meanings from now on."""
        self._meaning = Meaning(encoder)

    def look(self, room_id: str) -> None:
        """A turn has ended there; returns at once."""
        if self._meaning is None:
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="circles", daemon=True)
                self._thread.start()
        self._rooms.put(room_id)

    def close(self) -> None:
        """End the thread; an encoder that is asked just now is ended by its owner."""
        self._meaning = None
        self._rooms.put(None)

    def _run(self) -> None:
        while (room_id := self._rooms.get()) is not None:
            meaning = self._meaning
            if meaning is None or time.monotonic() < self._not_before:
                continue
            try:
                self._judge(room_id, meaning)
            except EncoderAway as error:
                self._not_before = time.monotonic() + AGAIN_S
                log.info("circles_by_words", error=error.code)
            except Exception:
                log.exception("circles_failed", ids={"room": room_id})

    def _judge(self, room_id: str, meaning: Meaning) -> None:
        with self._store.read() as conn:
            room = conn.execute(select(t.rooms).where(t.rooms.c.id == room_id)).mappings().one()
            lines = [] if room["halted"] else budget.among_agents(conn, room)
            since = budget.alone_since(conn, room)
        if not lines or not meaning.finds_circles(lines):
            return
        event = self._store.write(lambda conn: budget.halt(conn, room_id, since))
        if event is not None:
            self._logs.publish(event)
