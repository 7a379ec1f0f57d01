"""Agents of other programs: they sit in a room while their connection lasts.

They hear everything, and they answer on their own: a message of people, or an @mention of
themselves. What they stream becomes a pending message like any other; when their connection
ends in the middle of it, it is `partial`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from core.errors import AgentNotFound, InvalidInput, NameTaken
from core.messages import Kind, Message, ReplyStatus, StreamEvent
from core.rooms import admin, attendance, book, posting
from core.rooms.engine import Engine
from core.rooms.log import Logs
from core.rooms.model import Room
from core.rooms.reply import Reply
from core.rooms.rules import checked_name, name_key, printable
from core.settings import Settings
from core.store import Store
from core.store import tables as t
from core.store.times import now
from core.text import N_, words

MAX_AGENTS = 20


@dataclass(frozen=True, slots=True)
class Seat:
    """Where one outside agent sits: `connection` is whoever brought it."""

    room: str
    name: str
    connection: str


class Outside:
    """The outside agents of all rooms. Thread-safe; nothing of it survives a restart."""

    def __init__(self, store: Store, logs: Logs, engine: Engine, settings: Settings) -> None:
        self._store, self._logs, self._engine, self._settings = store, logs, engine, settings
        self._lock = threading.Lock()
        self._seats: dict[tuple[str, str], Seat] = {}
        self._speaking: dict[tuple[str, str], Reply] = {}

    def join(self, ref: str, agents: Sequence[Mapping[str, Any]], connection: str) -> Room:
        """Seat the agents `[{name, capabilities}]` that `connection` brings.

        Raises:
            RoomNotFound, InvalidInput.
            NameTaken: somebody in the room has that name already.
        """
        if not 1 <= len(agents) <= MAX_AGENTS:
            raise InvalidInput(
                field="agents",
                expected=words(N_("1 to {limit} agents"), limit=MAX_AGENTS),
                found=len(agents),
            )
        wanted = [(checked_name(str(one.get("name", ""))), _capabilities(one)) for one in agents]
        room, event = self._store.write(lambda conn: self._seat(conn, ref, wanted, connection))
        with self._lock:
            for name, _capable in wanted:
                self._seats[(room.id, name_key(name))] = Seat(room.id, name, connection)
        self._logs.publish(event)
        return room

    def leave(self, connection: str) -> None:
        """The connection ended: its agents rise, what they were saying is `partial`."""
        with self._lock:
            gone = [seat for seat in self._seats.values() if seat.connection == connection]
            cut = []
            for seat in gone:
                key = (seat.room, name_key(seat.name))
                del self._seats[key]
                if reply := self._speaking.pop(key, None):
                    cut.append(reply)
        for reply in cut:
            status = ReplyStatus.PARTIAL if reply.text else ReplyStatus.FAILED
            reply.finish(status)
        for room_id in {seat.room for seat in gone}:
            names = [name_key(seat.name) for seat in gone if seat.room == room_id]
            self._logs.publish(self._store.write(partial(_rise, room_id=room_id, names=names)))

    def delta(
        self, ref: str, agent: str, text: str, connection: str, *, reply_to: int | None = None
    ) -> None:
        """An outside agent says a piece of its answer.

        Raises:
            AgentNotFound: this connection has not brought such an agent.
        """
        seat = self._seat_of(ref, agent, connection)
        key = (seat.room, name_key(seat.name))
        with self._lock:
            reply = self._speaking.get(key)
        if reply is None:
            reply = self._begin(seat, reply_to)
            with self._lock:
                self._speaking[key] = reply
        reply.add(printable(text))

    def message(
        self,
        ref: str,
        agent: str,
        content: str,
        connection: str,
        *,
        reply_to: int | None = None,
        key: str | None = None,
        to: Sequence[str] = (),
    ) -> Message:
        """An outside agent's whole answer; it ends what the agent was streaming.

        Raises:
            AgentNotFound: this connection has not brought such an agent.
            MessageEmpty, MessageTooLong, InvalidInput, IdempotencyConflict.
        """
        seat = self._seat_of(ref, agent, connection)
        draft = posting.Draft.checked(
            content,
            seat.name,
            f"agent:{name_key(seat.name)}",
            key,
            reply_to,
            self._settings.rooms.message_limit,
            Kind.EXTERNAL,
            to,
        )
        with self._lock:
            reply = self._speaking.pop((seat.room, name_key(seat.name)), None)
        if reply is not None:
            with self._store.read() as conn:
                known = posting.stored_before(conn, seat.room, draft)
            if known is not None:
                reply.finish(ReplyStatus.STOPPED)
                return known
            return reply.replace(draft.content, owner=draft.owner, key=draft.key)
        posted = self._store.write(lambda conn: posting.post(conn, seat.room, draft))
        if posted.event is not None:
            self._logs.publish(posted.event)
        return posted.message

    def forget_all(self, conn: Connection) -> None:
        """At start nobody from outside is here yet."""
        query = select(t.members.c.room_id, t.members.c.name).where(
            t.members.c.kind == str(Kind.EXTERNAL)
        )
        for row in conn.execute(query).all():
            attendance.went(conn, row.room_id, [row.name])
        conn.execute(delete(t.members).where(t.members.c.kind == str(Kind.EXTERNAL)))

    def _seat_of(self, ref: str, agent: str, connection: str) -> Seat:
        with self._store.read() as conn:
            room_id = book.find_room(conn, ref)["id"]
        with self._lock:
            seat = self._seats.get((room_id, name_key(agent)))
        if seat is None or seat.connection != connection:
            raise AgentNotFound(agent=agent)
        return seat

    def _begin(self, seat: Seat, reply_to: int | None) -> Reply:
        values = {
            "sender": seat.name,
            "kind": str(Kind.EXTERNAL),
            "content": "",
            "status": str(ReplyStatus.PENDING),
            "reply_to": reply_to,
        }

        def work(conn: Connection) -> StreamEvent:
            return book.add_message(conn, book.find_room(conn, seat.room), values)

        event = self._store.write(work)
        self._logs.publish(event)
        return self._engine.turns.reply(event)

    def _seat(
        self,
        conn: Connection,
        ref: str,
        wanted: Sequence[tuple[str, list[str]]],
        connection: str,
    ) -> tuple[Room, StreamEvent]:
        room = book.load_room(conn, ref)
        taken = {name_key(member.name) for member in room.members}
        for position, (name, capabilities) in enumerate(wanted):
            mine = self._seats.get((room.id, name_key(name)))
            if mine is not None and mine.connection == connection:
                continue
            if name_key(name) in taken:
                raise NameTaken(name=name)
            taken.add(name_key(name))
            row = {
                "room_id": room.id,
                "name": name,
                "name_key": name_key(name),
                "kind": str(Kind.EXTERNAL),
                "position": 1_000 + position,
                "joined_at": now(),
                "capabilities": capabilities,
            }
            conn.execute(insert(t.members), row)
            attendance.came(conn, room.id, [name])
        return admin.announced(conn, room.id)


def _capabilities(agent: Mapping[str, Any]) -> list[str]:
    given = agent.get("capabilities") or []
    if not isinstance(given, list) or len(given) > 50:
        raise InvalidInput(
            field="capabilities", expected=words(N_("a list of words")), found=str(given)[:40]
        )
    return [str(word)[:80] for word in given]


def _rise(conn: Connection, *, room_id: str, names: Sequence[str]) -> StreamEvent:
    attendance.went(conn, room_id, names)
    conn.execute(
        delete(t.members).where(
            t.members.c.room_id == room_id,
            t.members.c.kind == str(Kind.EXTERNAL),
            t.members.c.name_key.in_(names),
        )
    )
    _room, event = admin.announced(conn, room_id)
    return event
