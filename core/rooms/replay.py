"""What a subscriber must see first, so that nothing is missed and nothing comes twice."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from core.messages import Message, StreamEvent
from core.rooms import book
from core.rooms.log import RoomLog, Watch
from core.rooms.model import Room
from core.store import Store, tables as t

PAGE = 1_000


def watch(
    store: Store, log: RoomLog, room_ref: str, *, after: int | None, cursor: int | None
) -> Watch:
    """Subscribe, then read the past in one snapshot; live events continue right behind it.

    With `cursor` every stored event after it is replayed. With `after` each message beyond it
    comes in its present state, and each unfinished one at or below it; their frames carry the
    number of the last event that the snapshot holds. With neither, only what is unfinished.
    """
    subscriber = log.watch()
    try:
        with store.read() as conn:
            room = book.load_room(conn, room_ref)
            replay = _past(conn, room, after, cursor)
            subscriber.start(replay, room.last_event)
    except BaseException:
        subscriber.close()
        raise
    return subscriber


def _past(conn: Connection, room: Room, after: int | None, cursor: int | None) -> list[StreamEvent]:
    if cursor is not None:
        if _oldest_kept(conn, room) <= cursor + 1 and cursor <= room.last_event:
            return book.load_events(conn, room.id, cursor)
        # Too old to be replayed event by event, or of another life of this database: the
        # present state of everything says the same.
        after = 0
    after = room.last_seq if after is None else after
    found = book.unfinished(conn, room.id, after)
    while page := book.load_messages(conn, room.id, after=after, limit=PAGE):
        found.extend(page)
        after = page[-1].seq
    return [_state(message, room.last_event) for message in found]


def _state(message: Message, number: int) -> StreamEvent:
    return StreamEvent("message", message.room, number, message.seq, message=message)


def _oldest_kept(conn: Connection, room: Room) -> int:
    query = select(func.min(t.events.c.event)).where(t.events.c.room_id == room.id)
    oldest = conn.execute(query).scalar()
    return room.last_event + 1 if oldest is None else int(oldest)
