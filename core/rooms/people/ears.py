"""A room as some of its members hear it: for the sockets, lists and files of outside agents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from core.messages import Message, StreamEvent
from core.rooms import book
from core.rooms.people import hearing
from core.rooms.people.hearing import Listener, hidden
from core.store import Store, tables as t


class Ears:
    """What the members `names` together hear of one room's events. Used by one thread at a time.

    What they may not hear comes without its words, so that events and messages have no gap.
    """

    def __init__(self, store: Store, room_id: str, names: Iterable[str]) -> None:
        self._store, self._room = store, room_id
        self.names = tuple(names)
        self._unfinished: dict[int, bool] = {}  # whether they hear what is being written, by seq
        self._listener = self._listen()

    def told(self, events: Sequence[StreamEvent]) -> list[StreamEvent]:
        """The events as these members may have them. May read the database."""
        if any(event.type == "presence" for event in events):
            self._listener = self._listen()  # somebody came or went: perhaps one of these
        return [self._told(event) for event in events]

    def _listen(self) -> Listener:
        with self._store.read() as conn:
            return hearing.ears_of(conn, self._room, self.names)

    def _told(self, event: StreamEvent) -> StreamEvent:
        if event.message is not None:
            return self._told_message(event, event.message)
        if event.type == "delta" and not self._hears(event.seq or 0):
            return replace(event, offset=0, text="")
        return event

    def _told_message(self, event: StreamEvent, message: Message) -> StreamEvent:
        heard = self._listener.hears(message)
        if message.status.final:
            self._unfinished.pop(message.seq, None)
        else:
            self._unfinished[message.seq] = heard
        return event if heard else replace(event, message=hidden(message))

    def _hears(self, seq: int) -> bool:
        if seq not in self._unfinished:  # a piece of what began before these listened
            with self._store.read() as conn:
                message = book.load_message(conn, self._room, seq)
            self._unfinished[seq] = self._listener.hears(message)
        return self._unfinished[seq]


def heard(
    store: Store, ref: str, names: Sequence[str], messages: Sequence[Message]
) -> list[Message]:
    """The messages as the members `names` may have them; with no names all of each.

    Raises:
        RoomNotFound.
    """
    if not names:
        return list(messages)
    with store.read() as conn:
        listener = hearing.ears_of(conn, book.find_room(conn, ref)["id"], names)
    return [listener.told(message) for message in messages]


def hears(store: Store, ref: str, names: Sequence[str], seq: int) -> bool:
    """Whether the members `names` may have the words of message `seq`; with no names always.

    Raises:
        RoomNotFound, MessageNotFound.
    """
    with store.read() as conn:
        room_id = book.find_room(conn, ref)["id"]
        message = book.load_message(conn, room_id, seq)
        return not names or hearing.ears_of(conn, room_id, names).hears(message)


def somebody_left(conn: Connection, room_id: str) -> bool:
    """Whether anybody who once sat in this room may come back to it."""
    gone = t.attendance.c.until_seq.is_not(None)
    query = select(t.attendance.c.number).where(t.attendance.c.room_id == room_id, gone)
    return conn.execute(query.limit(1)).first() is not None
