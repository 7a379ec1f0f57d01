"""The door to all rooms: what pages, the API and the command line call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from core.agents import Agents
from core.messages import Message, StreamEvent
from core.providers.registry import Registry
from core.rooms import admin, book, replay
from core.rooms.answering.alone import Alone
from core.rooms.care import Care
from core.rooms.limits.meaning import Encoding
from core.rooms.log import Logs, Watch
from core.rooms.model import Presence, Room, RoomSummary
from core.rooms.people.external import Outside
from core.rooms.policies import IN_ORDER
from core.rooms.record import Record
from core.rooms.said import posting
from core.rooms.said.editing import Editing
from core.rooms.said.saying import Saying
from core.rooms.turns import rounds
from core.rooms.turns.casting import Defaults
from core.rooms.turns.engine import Engine
from core.settings import Settings
from core.store import Store, tables as t


class Rooms:
    """Every room of this installation. Thread-safe.

    A `ref` is a room's id or its name. All methods raise RoomNotFound for one that is not
    there, and StorageError subclasses when nothing can be written.
    """

    def __init__(
        self,
        store: Store,
        agents: Agents,
        registry: Registry,
        settings: Settings,
        defaults: Defaults,
        capacity: Callable[[], int | None] = lambda: None,
    ) -> None:
        """`capacity()`: bytes of memory that models share here; `None` unknown."""
        self._store, self._agents, self._registry = store, agents, registry
        self._settings = settings
        with store.read() as conn:
            rows = conn.execute(select(t.rooms.c.id, t.rooms.c.last_event)).all()
        self._logs = Logs((row.id, row.last_event) for row in rows)
        self.care = Care(store, settings.care, defaults)
        self._engine = Engine(
            store, self._logs, agents, registry, settings, defaults, self.care, capacity
        )
        self.speech = self._engine.turns.speech
        self.alone = Alone(self._engine.stage, registry, settings)
        self.record = Record(store)
        self.outside = Outside(store, self._logs, self._engine, settings)
        self.saying = Saying(store, self._logs, self._engine, self.care, settings)
        self.editing = Editing(store, self._logs, self._engine, registry, self.care, settings)

    # --- rooms ----------------------------------------------------------------------------

    def get(self, ref: str) -> Room:
        with self._store.read() as conn:
            return book.load_room(conn, ref)

    def create(self, name: str, members: Sequence[str] = (), policy: str = IN_ORDER) -> Room:
        """A new room with these agents, who take turns by `policy` (core/rooms/policies).

        Raises:
            NameTaken, AgentNotFound, InvalidInput: name, member or policy is not acceptable.
        """
        names = [self._agents.get(member).name for member in members]
        room = self._store.write(lambda conn: admin.create(conn, name, names, policy))
        self._logs.of(room.id)
        return room

    def update(
        self, ref: str, *, name: str | None = None, members: Sequence[str] | None = None
    ) -> Room:
        """Rename a room, or say anew which agents sit in it (outside agents stay).

        Raises:
            NameTaken, AgentNotFound, InvalidInput: nothing was changed.
        """
        names = None if members is None else [self._agents.get(one).name for one in members]
        return self._changed(lambda conn: admin.update_room(conn, ref, name, names))

    def set_policy(
        self, ref: str, policy: str | None = None, options: Mapping[str, Any] | None = None
    ) -> Room:
        """Change how turns are taken: from the next choice on, also in a round that goes on.

        Raises:
            InvalidInput: there is no such policy, or it does not take these options.
        """
        return self._changed(lambda conn: admin.set_policy(conn, ref, policy, options))

    def give_turn(self, ref: str, agent: str) -> None:
        """Let a member of the room speak next, whatever the policy.

        Raises:
            AgentNotFound: it does not sit in this room.
        """
        self._engine.kick(self._store.write(lambda conn: rounds.give_turn(conn, ref, agent)))

    def set_context(self, ref: str, tokens: int | None) -> Room:
        """How many tokens of context this room's models are asked for; `None`: the settings'."""
        return self._changed(lambda conn: admin.set_context(conn, ref, tokens))

    def set_model(self, ref: str, member: str, model: str | None) -> Room:
        """Let a member use another model in this room; `None` takes its own again.

        Raises:
            ModelNotFound: no provider knows such a reference.
            AgentNotFound: it is not in this room.
        """
        if model is not None:
            self._registry.provider(model)
        room = self._changed(lambda conn: admin.set_model(conn, ref, member, model))
        self._registry.warm(self.model_of(room, member))
        return room

    def mute(self, ref: str, member: str, *, muted: bool = True) -> Room:
        """Let a member listen without being asked, or ask it again.

        Raises:
            AgentNotFound: it is not in this room.
        """
        return self._changed(lambda conn: admin.mute(conn, ref, member, muted=muted))

    def rename_member(self, ref: str, old: str, new: str) -> Room:
        """Let the member `old` be the agent `new`, as if it had been called so all the time.

        Raises:
            AgentNotFound, NameTaken: nothing was changed.
        """
        name = self._agents.get(new).name
        return self._changed(lambda conn: admin.rename_member(conn, ref, old, name))

    def delete(self, ref: str) -> None:
        """Put a room away; it can be restored for 30 days."""
        room = self._changed(lambda conn: admin.delete(conn, ref))
        self._engine.stop(room.id)

    def restore(self, ref: str) -> Room:
        """Bring a deleted room back, all messages with it.

        Raises:
            NameTaken: another room has taken its name.
        """
        room = self._changed(lambda conn: admin.restore(conn, ref))
        self._engine.kick(room.id)
        return room

    def take_in(self, document: Mapping[str, Any], name: str | None = None) -> Room:
        """Make a room of an exported document: see `core.rooms.transfer.taking_in`.

        Raises:
            InvalidInput: it is no such document; the field is named.
            NameTaken: a room of that name is there.
        """
        from core.rooms.transfer import taking_in  # its models cost 25 ms, and few take a room in

        room, events = self._store.write(lambda conn: taking_in.take_in(conn, document, name))
        for event in events:
            self._logs.publish(event)
        return room

    # --- messages -------------------------------------------------------------------------

    def post(
        self,
        ref: str,
        content: str,
        *,
        sender: str,
        owner: str = "local",
        key: str | None = None,
        reply_to: int | None = None,
        to: Sequence[str] = (),
    ) -> Message:
        """Store what a person says and start a round; returns once it is committed.

        The same `key` of the same `owner` in the same room returns the first message again.
        With `to` it is a whisper to these members or people, answered by those who hear it.

        Raises:
            MessageEmpty, MessageTooLong, InvalidInput: it is not a message.
            IdempotencyConflict: the key belongs to another message.
            SenderIsAgent: the name is a member agent's.
            OverQuota: `owner` has asked for as much as was agreed.
        """
        return self.saying.post_soon(
            ref, content, sender=sender, owner=owner, key=key, reply_to=reply_to, to=to
        ).result()

    def message(self, ref: str, seq: int) -> Message:
        """
        Raises:
            MessageNotFound: the room has no message with this number.
        """
        with self._store.read() as conn:
            return book.load_message(conn, book.find_room(conn, ref)["id"], seq)

    def delete_message(self, ref: str, seq: int) -> Message:
        """Leave a tombstone; the words are gone from the events, too.

        Raises:
            Conflict: it is still being written.
        """
        event = self._store.write(lambda conn: posting.erase(conn, ref, seq))
        self._logs.publish(event)
        assert event.message is not None
        return event.message

    def messages(
        self,
        ref: str,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Message]:
        """Oldest first; without `after` the last `limit` (1 to 1,000), before `before` if given."""
        with self._store.read() as conn:
            room_id = book.find_room(conn, ref)["id"]
            bounded = max(1, min(limit, 1_000))
            return book.load_messages(conn, room_id, after=after, before=before, limit=bounded)

    # --- what goes on ---------------------------------------------------------------------

    def stop(self, ref: str) -> None:
        """End the reply and the round. What people wrote meanwhile is answered after."""
        self._engine.stop(self.get(ref).id)

    def presence(self, ref: str) -> Presence:
        return self._engine.presence(self.get(ref).id)

    def watch(self, ref: str, *, after: int | None = None, cursor: int | None = None) -> Watch:
        """Subscribe to a room: see `core.rooms.replay.watch`."""
        room_id = self.get(ref).id
        return replay.watch(
            self._store, self._logs.of(room_id), room_id, after=after, cursor=cursor
        )

    def open(self, ref: str) -> None:
        """Somebody looks at the room: begin to load the models of its members."""
        room = self.get(ref)
        for model in {self.model_of(room, name) for name in room.agents}:
            self._registry.warm(model)

    def model_of(self, room: Room, member: str) -> str:
        """The model that this member is asked first; the default for an unknown agent."""
        return self._engine.turns.casting.model_of(room, member)

    def wait_idle(self, ref: str, timeout_s: float) -> bool:
        """Wait until nobody is due; false when `timeout_s` passed first."""
        return self._engine.wait_idle(self.get(ref).id, timeout_s)

    def resume(self) -> None:
        """After a start: repair what a kill left, answer what is unanswered, tidy up."""
        self._store.write(lambda conn: admin.tidy(conn, self._settings.rooms.deleted_days))
        self.outside.resume()
        self._engine.resume()

    def measure_power(self, power: Callable[[], float | None]) -> None:
        """How the watts of the cards are known while rooms speak; `None`: they are not."""
        self._engine.turns.power = power

    def understand(self, encoder: Encoding) -> None:
        """Notice by meaning, too, that agents go in circles; the encoder is closed elsewhere."""
        self._engine.turns.circles.understand(encoder)

    def close(self) -> None:
        """Stop speaking everywhere; unfinished replies become `partial`."""
        self._engine.close()

    def list(self, *, deleted: bool = False) -> list[RoomSummary]:
        """All rooms, the most recently used first, with two queries however many there are."""
        speaking = self._engine.speaking()
        with self._store.read() as conn:
            return admin.summaries(conn, speaking, deleted=deleted)

    def _changed(self, work: Callable[..., tuple[Room, StreamEvent]]) -> Room:
        room, event = self._store.write(work)
        self._logs.publish(event)
        return room
