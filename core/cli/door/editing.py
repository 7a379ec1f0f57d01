"""Changing what was said, and what a room may cost, behind a door: here, or in a running app."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from core.api.bodies import room_body
from core.cli.door.protocols import Body
from core.messages import Message
from core.rooms.frames import message_body
from core.rooms.service import Rooms
from core.text import language


class LocalEditing:
    """See `protocols.EditingDoor`. `asked(room_id)` is called when an agent is to speak."""

    def __init__(self, rooms: Rooms, asked: Callable[[str], None]) -> None:
        self._rooms, self._editing, self._asked = rooms, rooms.editing, asked

    def edit(self, ref: str, seq: int, content: str) -> Body:
        return _line(self._editing.edit(ref, seq, content))

    def pin(self, ref: str, seq: int, pinned: bool) -> Body:
        return _line(self._editing.pin(ref, seq, pinned=pinned))

    def pins(self, ref: str) -> Sequence[Body]:
        return [_line(message) for message in self._editing.pins(ref)]

    def vote(self, ref: str, seq: int, value: int) -> Body:
        return _line(self._editing.vote(ref, seq, value))

    def variants(self, ref: str, seq: int) -> Sequence[Body]:
        return self._editing.variants(ref, seq)

    def choose(self, ref: str, seq: int, number: int) -> Body:
        return _line(self._editing.choose(ref, seq, number))

    def regenerate(self, ref: str, seq: int, model: str | None) -> Body:
        return self._begun(self._editing.regenerate(ref, seq, model=model))

    def go_on(self, ref: str, seq: int) -> Body:
        return self._begun(self._editing.go_on(ref, seq))

    def branch(self, ref: str, seq: int, name: str | None) -> Body:
        return room_body(self._editing.branch(ref, seq, name), language())

    def budget(self, ref: str) -> Body:
        return asdict(self._editing.budget(ref))

    def let_go_on(self, ref: str) -> Body:
        room = self._editing.let_go_on(ref)
        self._asked(room.id)
        return room_body(room, language())

    def _begun(self, message: Message) -> Body:
        self._asked(message.room)
        return _line(message)


def _line(message: Message) -> Body:
    return message_body(message, language())
