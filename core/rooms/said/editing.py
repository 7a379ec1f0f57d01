"""The door to changing what was said: edit, answer again, go on, swipe, vote, pin, branch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from core.errors import MessageNotFound
from core.messages import Message, StreamEvent
from core.providers.registry import Registry
from core.rooms import admin, book
from core.rooms.care import Care
from core.rooms.limits import budget
from core.rooms.log import Logs
from core.rooms.model import Room
from core.rooms.said import feedback, versions
from core.rooms.said.branching import branch_of, free_name
from core.rooms.transfer.writing import document
from core.rooms.turns.engine import Engine
from core.settings import Settings
from core.store import Store


class Editing:
    """Thread-safe. All methods raise RoomNotFound, and MessageNotFound for a line that is not
    there or deleted; those that change one raise Conflict while it is being written.
    """

    def __init__(
        self,
        store: Store,
        logs: Logs,
        engine: Engine,
        registry: Registry,
        care: Care,
        settings: Settings,
    ) -> None:
        self._store, self._logs, self._engine = store, logs, engine
        self._registry, self._care, self._settings = registry, care, settings

    def edit(self, ref: str, seq: int, content: str, *, editor: str = "local") -> Message:
        """Give a line other words; what it said before is kept.

        Raises:
            MessageEmpty, MessageTooLong, InvalidInput.
        """
        limit = self._settings.rooms.message_limit
        return self._change(
            ref, seq, lambda conn, room: versions.edit(conn, room, seq, content, editor, limit)
        )

    def pin(self, ref: str, seq: int, *, pinned: bool = True) -> Message:
        """Keep a line at hand, or let it go."""
        return self._change(
            ref, seq, lambda conn, room: versions.pin(conn, room, seq, pinned=pinned)
        )

    def vote(self, ref: str, seq: int, value: int, *, voter: str = "local") -> Message:
        """Like the answer that is shown (1), do not (-1), or take the vote back (0).

        Raises:
            InvalidInput: another value.
        """
        return self._change(
            ref, seq, lambda conn, room: versions.vote(conn, room, seq, voter, value)
        )

    def choose(self, ref: str, seq: int, number: int) -> Message:
        """Show another answer of a line.

        Raises:
            InvalidInput: it has no such answer.
        """
        return self._change(ref, seq, lambda conn, room: versions.choose(conn, room, seq, number))

    def regenerate(
        self, ref: str, seq: int, *, model: str | None = None, owner: str = "local"
    ) -> Message:
        """Let the agent answer anew, as if nothing had been said since; returns at once.

        The answers so far are kept. `model` is asked instead of the agent's own.

        Raises:
            AgentNotFound, ModelNotFound, Conflict, OverQuota.
        """
        if model is not None:
            self._registry.provider(model)
        return self._again(ref, seq, versions.REGENERATE, model, owner)

    def go_on(self, ref: str, seq: int, *, owner: str = "local") -> Message:
        """Let the agent finish a reply that was broken off; what stands there stays.

        Raises:
            AgentNotFound, Conflict, OverQuota.
        """
        return self._again(ref, seq, versions.CONTINUE, None, owner)

    def budget(self, ref: str) -> budget.Budget:
        """What the room may cost, and what it has since it was last let go on."""
        with self._store.read() as conn:
            return budget.budget_of(conn, ref)

    def limit(self, ref: str, limits: Mapping[str, float | None]) -> Room:
        """Set what the room may cost: turns, tokens, seconds, joules; `None` takes one away.

        Raises:
            InvalidInput: no such limit, or not above 0.
        """
        return self._room(lambda conn: budget.set_limits(conn, ref, limits))

    def let_go_on(self, ref: str) -> Room:
        """Let a room that waits go on: it may cost as much again."""
        room = self._room(lambda conn: budget.let_go_on(conn, ref))
        self._engine.kick(room.id)
        return room

    def _room(self, work: Callable[[Connection], tuple[Room, StreamEvent]]) -> Room:
        room, event = self._store.write(work)
        self._logs.publish(event)
        return room

    def branch(self, ref: str, seq: int, name: str | None = None) -> Room:
        """A new room with everything up to and with this message.

        Raises:
            NameTaken, InvalidInput: of the name.
        """
        from core.rooms.transfer import taking_in  # as in Rooms.take_in

        found = document(self._store, ref)
        if not 1 <= seq <= len(found["messages"]):
            raise MessageNotFound(room=found["room"]["id"], seq=seq)

        def work(conn: Connection) -> tuple[Room, list[StreamEvent]]:
            taken = [summary.room.name for summary in admin.summaries(conn, set(), deleted=False)]
            chosen = name or free_name(found["room"]["name"], taken)
            return taking_in.take_in(conn, branch_of(found, seq, chosen), chosen)

        room, events = self._store.write(work)
        for event in events:
            self._logs.publish(event)
        return room

    def variants(self, ref: str, seq: int) -> list[dict[str, Any]]:
        """All answers of a line, the shown one among them: see `versions.variants`."""
        with self._store.read() as conn:
            return versions.variants(conn, book.find_room(conn, ref)["id"], seq)

    def edits(self, ref: str, seq: int) -> list[dict[str, Any]]:
        """What a line said before: see `versions.edits`."""
        with self._store.read() as conn:
            room_id = book.find_room(conn, ref)["id"]
            book.load_message(conn, room_id, seq)
            return versions.edits(conn, room_id, seq)

    def votes_of(self, ref: str, voter: str = "local") -> dict[int, int]:
        """What `voter` thinks of the lines as they are shown: 1 or -1 by seq."""
        with self._store.read() as conn:
            return versions.votes_of(conn, book.find_room(conn, ref)["id"], voter)

    def pins(self, ref: str) -> list[Message]:
        """The lines that are kept at hand, the oldest first."""
        with self._store.read() as conn:
            return book.load_pinned(conn, book.find_room(conn, ref)["id"])

    def feedback(self, ref: str) -> list[feedback.Feedback]:
        """What people thought of the answers here, to learn from."""
        with self._store.read() as conn:
            return list(feedback.feedback_of(conn, book.find_room(conn, ref)["id"]))

    def _again(self, ref: str, seq: int, kind: str, model: str | None, owner: str) -> Message:
        charge = self._care.quotas.charge(owner)

        def work(conn: Connection) -> Any:
            room_id = book.find_room(conn, ref)["id"]
            charge.take(conn)
            return self._engine.turns.casting.open_again(conn, room_id, seq, kind, model)

        try:
            opened = self._store.write(work)
        except BaseException:
            charge.give_back()
            raise
        self._logs.publish(opened.event)
        self._engine.speak_again(opened)
        message: Message = opened.event.message
        return message

    def _change(
        self, ref: str, seq: int, work: Callable[[Connection, str], StreamEvent | None]
    ) -> Message:
        def change(conn: Connection) -> tuple[StreamEvent | None, Message]:
            room_id = book.find_room(conn, ref)["id"]
            event = work(conn, room_id)
            return event, book.load_message(conn, room_id, seq)

        event, message = self._store.write(change)
        if event is not None:
            self._logs.publish(event)
        return message
