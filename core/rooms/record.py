"""How an agent has done so far: the tones it kept, and what went wrong."""

from __future__ import annotations

from core.rooms.speech import ToneRecord, tone_record
from core.rooms.troubles import Troubles, troubles_of
from core.store import Store


class Record:
    """Reads what is stored with the replies. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def tones(self, agent: str) -> list[ToneRecord]:
        """Each tone that was measured in its last 500 replies, the most frequent first."""
        with self._store.read() as conn:
            return tone_record(conn, agent)

    def troubles(self, agent: str, limit: int = 20) -> Troubles:
        """What went wrong with its last replies, and how often each kind of error came."""
        with self._store.read() as conn:
            return troubles_of(conn, agent, limit)
