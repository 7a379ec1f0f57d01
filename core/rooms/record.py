"""What rooms remember of agents: the tones they kept, what went wrong, who sat where."""

from __future__ import annotations

from core.rooms import book
from core.rooms.people import attendance
from core.rooms.speech import ToneRecord, tone_record
from core.rooms.troubles import Troubles, troubles_of
from core.store import Store


class Record:
    """Reads what is stored with replies and seats. Thread-safe."""

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

    def former(self, ref: str) -> list[str]:
        """Who sat in a room and does no more, whoever left last first.

        Raises:
            RoomNotFound.
        """
        with self._store.read() as conn:
            return attendance.former(conn, book.find_room(conn, ref)["id"])
