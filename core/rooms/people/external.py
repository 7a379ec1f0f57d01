"""Agents of other programs: they sit in a room until they leave, or stay away for too long.

They hear what was said while they were there, and whispers to them. They answer on their own: a
message of people, or an @mention of themselves. What they stream becomes a pending message like
any other; when their connection ends in the middle of it, it is `partial`.

Those who say that they take turns (capability `turns`) are chosen by turn policies like agents of
this app: their turn is offered to them, and they have a while to say something. Those who also
say that they vote (capability `ballots`) are asked whom they want to hear, where a room votes.

Whose connection broke keeps its seat for a while, `away`, and has missed nothing when it is back
in time. A program may promise heartbeats; who misses some is `away` until it is heard of again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

from core.errors import AgentNotFound, OutsidePassed
from core.messages import Kind, Message, ReplyStatus, StreamEvent
from core.rooms import book
from core.rooms.log import Logs
from core.rooms.model import Room
from core.rooms.people import hearing, seating
from core.rooms.people.arrivals import wanted_of
from core.rooms.people.ballots import Ballots
from core.rooms.people.heartbeats import Heartbeats, checked_interval
from core.rooms.people.offers import Offer, Offers
from core.rooms.people.seats import Key, Seat, Seats, Tell, keys_of
from core.rooms.rules import name_key, printable
from core.rooms.said import posting
from core.rooms.said.reply import Reply
from core.rooms.seen import Seen
from core.rooms.turns.engine import Engine
from core.settings import Settings
from core.store import Store


class Outside:
    """The outside agents of all rooms. Thread-safe. A `connection` is whoever brought them."""

    def __init__(self, store: Store, logs: Logs, engine: Engine, settings: Settings) -> None:
        self._store, self._logs, self._engine, self._settings = store, logs, engine, settings
        self._seats = Seats()
        self._lock = threading.Lock()
        self._speaking: dict[Key, Reply] = {}
        engine.turns.guests = self._offers = Offers(self._reach, settings)
        engine.turns.ballots = self._ballots = Ballots(self._reach)
        self._beats = Heartbeats(engine.turns.flusher.call_at, self._went_quiet)

    # --- coming and going -------------------------------------------------------------------

    def join(
        self,
        ref: str,
        agents: Sequence[Mapping[str, Any]],
        connection: str,
        *,
        heartbeat_s: float | None = None,
        tell: Tell | None = None,
    ) -> Room:
        """Seat the agents `[{name, capabilities}]` that `connection` brings.

        With `heartbeat_s` it promises to be heard of that often. `tell` sends it a frame.

        Raises: RoomNotFound, InvalidInput; NameTaken: somebody has that name already.
        """
        wanted = wanted_of(agents)
        if heartbeat_s is not None:
            checked_interval(heartbeat_s)
        own = self._seats.open_to(connection)
        room, event = self._store.write(lambda conn: seating.sit(conn, ref, wanted, own))
        self._seats.put(Seat(room.id, one.name, connection, tell=tell) for one in wanted)
        if heartbeat_s is not None:
            self._beats.begin(connection, heartbeat_s)
        self._logs.publish(event)
        return room

    def leave(self, connection: str) -> None:
        """Its agents rise; what they were saying is `partial`."""
        gone = self._ended(connection)
        for room_id in {seat.room for seat in gone}:
            keys = keys_of(seat for seat in gone if seat.room == room_id)
            self._logs.publish(self._store.write(partial(seating.rise, room_id=room_id, keys=keys)))

    def lost(self, connection: str) -> None:
        """The connection broke: its agents are away, and rise when nobody brings them back."""
        if self._settings.rooms.outside_back_s == 0:
            self.leave(connection)
            return
        for room_id in {seat.room for seat in self._seats.of(connection)}:
            with self._store.read() as conn:
                last = seating.last_seq(conn, room_id)
            self._keep_free(
                [Seat(room_id, one.name, "", last) for one in self._ended(connection, room_id)]
            )

    def resume(self) -> None:
        """After a start: who sat here when the app ended may come back, too."""
        with self._store.read() as conn:
            behind = seating.leave_behind(conn)
        for room_id in {room for room, _name, _seq in behind}:
            self._keep_free(
                [Seat(room, name, "", seq) for room, name, seq in behind if room == room_id]
            )

    def heard_of(self, connection: str) -> None:
        """Something came over this connection: its agents are there. Cheap."""
        self._beats.beat(connection)

    # --- speaking ---------------------------------------------------------------------------

    def delta(
        self, ref: str, agent: str, text: str, connection: str, *, reply_to: int | None = None
    ) -> None:
        """An outside agent says a piece of its answer.

        Raises:
            AgentNotFound: this connection has not brought such an agent.
        """
        seat = self._seat_of(ref, agent, connection)
        if (offer := self._offers.get(seat.key)) is not None:
            return offer.add(printable(text))
        with self._lock:
            reply = self._speaking.get(seat.key)
        if reply is None:
            reply = self._begin(seat, reply_to)
            with self._lock:
                self._speaking[seat.key] = reply
        return reply.add(printable(text))

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

        The answer to a whisper is a whisper.

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
            to or self._whispered_to(seat, reply_to),
        )
        with self._lock:
            reply = self._speaking.pop(seat.key, None)
        offer = self._offers.get(seat.key)
        if offer and (answered := self._answer(seat, offer, draft)):
            return answered
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

    def decline(self, ref: str, agent: str, connection: str) -> None:
        """An outside agent has nothing to say to the turn that it was offered, if any.

        Raises:
            AgentNotFound: this connection has not brought such an agent.
        """
        seat = self._seat_of(ref, agent, connection)
        if (offer := self._offers.get(seat.key)) is not None:
            offer.give_up(OutsidePassed(agent=seat.name).reason())

    def vote(self, ref: str, agent: str, ballot: str, choice: str | None, connection: str) -> None:
        """An outside agent says whom it wants to hear; `None`: nobody. Too late is no matter.

        Raises:
            AgentNotFound: this connection has not brought such an agent.
            InvalidInput: the ballot has no such choice.
        """
        self._ballots.cast(self._seat_of(ref, agent, connection), ballot, choice)

    # --- inside -----------------------------------------------------------------------------

    def _reach(self, key: Key) -> Seat | None:
        """Where this agent sits, if it can be told something just now."""
        seat = self._seats.get(key)
        if seat is None or seat.lost_seq is not None or self._beats.quiet(seat.connection):
            return None
        return seat

    def _answer(self, seat: Seat, offer: Offer, draft: posting.Draft) -> Message | None:
        """Use the turn for it; `None` when that has just ended."""
        draft = replace(draft, reply_to=offer.reply.message.reply_to)
        with self._store.read() as conn:
            known = posting.stored_before(conn, seat.room, draft)
        if known is not None:
            return known
        return offer.stored.result() if offer.answer(draft) else None

    def _seat_of(self, ref: str, agent: str, connection: str) -> Seat:
        with self._store.read() as conn:
            room_id = book.find_room(conn, ref)["id"]
        seat = self._seats.get((room_id, name_key(agent)))
        if seat is None or seat.connection != connection:
            raise AgentNotFound(agent=agent)
        return seat

    def _whispered_to(self, seat: Seat, reply_to: int | None) -> list[str]:
        if reply_to is None:
            return []
        with self._store.read() as conn:
            return hearing.answer_to(Seen(conn, seat.room), reply_to, seat.name) or []

    def _begin(self, seat: Seat, reply_to: int | None) -> Reply:
        values = {
            "sender": seat.name,
            "kind": str(Kind.EXTERNAL),
            "content": "",
            "status": str(ReplyStatus.PENDING),
            "reply_to": reply_to,
            "to": self._whispered_to(seat, reply_to) or None,
        }

        event = self._store.write(
            lambda conn: book.add_message(conn, book.find_room(conn, seat.room), values)
        )
        self._logs.publish(event)
        return self._engine.turns.reply(event)

    def _ended(self, connection: str, room_id: str | None = None) -> list[Seat]:
        """Free a connection's seats (in one room); what its agents were saying is `partial`."""
        here = self._seats.of(connection)
        gone = self._seats.drop(seat for seat in here if room_id in (None, seat.room))
        if len(gone) == len(here):
            self._beats.end(connection)
        self._give_up_on(gone)
        with self._lock:
            cut = [self._speaking.pop(seat.key, None) for seat in gone]
        for reply in filter(None, cut):
            reply.finish(ReplyStatus.PARTIAL if reply.text else ReplyStatus.FAILED)
        return gone

    def _give_up_on(self, seats: Sequence[Seat]) -> None:
        """Wait for nothing from them."""
        self._offers.give_up(seats)
        self._ballots.give_up(seats)

    def _keep_free(self, seats: Sequence[Seat]) -> None:
        """The seats of one room wait for those who sat there."""
        if not seats:
            return
        self._seats.put(seats)
        away = partial(seating.mark_away, room_id=seats[0].room, keys=keys_of(seats), away=True)
        self._logs.publish(self._store.write(away))
        over = time.monotonic() + self._settings.rooms.outside_back_s
        self._engine.turns.flusher.call_at(over, lambda: self._give_up(seats))

    def _give_up(self, seats: Sequence[Seat]) -> None:
        gone = self._seats.drop(seats)
        if gone:
            room_id, last = gone[0].room, gone[0].lost_seq
            self._later(partial(seating.rise, room_id=room_id, keys=keys_of(gone), last_heard=last))

    def _went_quiet(self, connection: str, away: bool) -> None:
        here = self._seats.of(connection)
        if away:
            self._give_up_on(here)
        for room_id in {seat.room for seat in here}:
            keys = keys_of(seat for seat in here if seat.room == room_id)
            self._later(partial(seating.mark_away, room_id=room_id, keys=keys, away=away))

    def _later(self, work: Any) -> None:
        """Store a change of who is here without waiting for it."""
        self._store.submit(work).add_done_callback(self._published)

    def _published(self, done: Future[StreamEvent]) -> None:
        if not done.cancelled() and done.exception() is None:
            self._logs.publish(done.result())
