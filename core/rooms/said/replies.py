"""What a room says to one message, as it is said: one speaker after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

from core.messages import Kind, Message, ReplyStatus, StreamEvent
from core.rooms.log import Watch
from core.rooms.record import Record

LOOK_S = 0.25  # how often it is asked whether the round is over, when nothing comes


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of a reply. `ended` is the whole message, with the last piece of it."""

    sender: str
    text: str = ""
    ended: Message | None = None


class Asked(Protocol):
    """The part of `Rooms` that is needed here."""

    @property
    def record(self) -> Record: ...
    def watch(self, ref: str, *, after: int | None = None) -> Watch: ...


def replies(
    rooms: Asked, room: str, seq: int, cancel: threading.Event, *, longest_s: float = 1_800.0
) -> Iterator[Said]:
    """The replies of the round that answers message `seq`, from its beginning, also afterwards.

    Ends when the round is over, `cancel` is set (the room goes on), or after `longest_s`.
    Whispers are left out.
    """
    until = time.monotonic() + longest_s
    with closing(rooms.watch(room, after=seq)) as watch:
        floor = _Floor(seq)
        for event in watch.replay:
            yield from floor.hear(event)
        while not cancel.is_set() and not watch.closed and time.monotonic() < until:
            # Asked first: what came before it is in the watch.
            over = rooms.record.answered(room, seq)
            come = watch.get(0.0 if over else LOOK_S)
            if come is not None:
                yield from floor.hear(come)
            elif over:
                return


class _Floor:
    """Who has the floor: replies that overlap are given one after the other."""

    def __init__(self, seq: int) -> None:
        self._seq = seq
        self._trigger: int | None = None
        self._known: dict[int, Message] = {}
        self._given: dict[int, int] = {}
        self._speaking: int | None = None

    def hear(self, event: StreamEvent) -> Iterator[Said]:
        message = event.message
        if message is not None and self._mine(message):
            self._known[message.seq] = message
        elif event.type == "delta" and event.seq in self._known:
            self._known[event.seq] = _longer(self._known[event.seq], event)
        yield from self._pass()

    def _mine(self, message: Message) -> bool:
        if message.seq in self._given and message.seq not in self._known:
            return False  # it has been given to its end
        if message.kind is not Kind.AGENT or message.to or (message.reply_to or 0) < self._seq:
            return False
        self._trigger = self._trigger or message.reply_to
        return message.reply_to == self._trigger

    def _pass(self) -> Iterator[Said]:
        for seq in sorted(self._known):
            if self._speaking not in (None, seq):
                continue
            message = self._known[seq]
            given = self._given.get(seq, 0)
            fresh, final = message.content[given:], message.status.final
            if fresh or final:
                self._speaking = seq
                self._given[seq] = given + len(fresh)
                yield Said(message.sender, fresh, message if final else None)
            if not final:
                return
            del self._known[seq]
            self._speaking = None


def _longer(message: Message, event: StreamEvent) -> Message:
    assert event.offset is not None
    if message.status is not ReplyStatus.PENDING:
        return message
    return replace(message, content=message.content[: event.offset] + (event.text or ""))
