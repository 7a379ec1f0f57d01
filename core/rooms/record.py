"""What rooms remember: tones kept, what went wrong, who sat where, prompts and rounds."""

from __future__ import annotations

from collections.abc import Sequence

from core.agents import traces
from core.agents.traces import Trace
from core.rooms import book
from core.rooms.model import RoundFigures
from core.rooms.people import attendance, whispers
from core.rooms.speech import ToneRecord, tone_record
from core.rooms.troubles import Troubles, troubles_of
from core.rooms.turns import round_book
from core.store import Store


class Record:
    """Reads what is stored with replies, seats and rounds. Thread-safe."""

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

    def prompt(self, ref: str, seq: int) -> Trace:
        """What was sent for a reply.

        Raises:
            PromptNotKept: nothing was sent for this line, or it is too long ago.
        """
        with self._store.read() as conn:
            return traces.load(conn, book.find_room(conn, ref)["id"], seq)

    def rounds(self, ref: str, limit: int = 10) -> Sequence[RoundFigures]:
        """The newest rounds and what they cost, the newest first."""
        with self._store.read() as conn:
            return round_book.last_rounds(conn, book.find_room(conn, ref)["id"], limit)

    def answered(self, ref: str, seq: int) -> bool:
        """Whether the round that answers message `seq` has been, and nobody is due."""
        with self._store.read() as conn:
            return round_book.answered(conn, book.find_room(conn, ref), seq)

    def people(self, ref: str) -> list[str]:
        """Who has written in a room, agents of any kind apart, by name.

        Raises:
            RoomNotFound.
        """
        with self._store.read() as conn:
            return whispers.spoke(conn, book.find_room(conn, ref)["id"])
