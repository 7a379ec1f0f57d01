"""Turns that are offered to agents of other programs: each has a while to say something."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from core.errors import OutsideAway, OutsideSilent
from core.messages import Message, Reason, ReplyStatus
from core.rooms.people.ballots import Reach
from core.rooms.people.seats import Key, Seat
from core.rooms.rules import name_key
from core.rooms.said.posting import Draft
from core.rooms.said.reply import Reply
from core.rooms.turns.casting import Opened
from core.settings import Settings

STEP_S = 0.1  # how soon a wait notices that it is not wanted any more


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an offered turn ended; `draft` is what was answered."""

    status: ReplyStatus
    draft: Draft | None = None
    reason: Reason | None = None


class Offer:
    """One turn that waits for its agent. Thread-safe; one thread waits.

    The agent may say nothing for `patience_s` at a time: before its first words, and between
    pieces.
    """

    def __init__(self, reply: Reply, agent: str, patience_s: float) -> None:
        self.reply = reply
        self.stored: Future[Message] = Future()  # the turn's message once it is final
        self._agent, self._patience_s = agent, patience_s
        self._changed = threading.Condition()
        self._until = time.monotonic() + patience_s
        self._outcome: Outcome | None = None

    def add(self, text: str) -> None:
        """The agent says a piece of its answer."""
        self.reply.add(text)
        with self._changed:
            self._until = time.monotonic() + self._patience_s

    def answer(self, draft: Draft) -> bool:
        """The agent has said all of it; false when the turn had ended before."""
        return self._end(Outcome(ReplyStatus.COMPLETE, draft))

    def give_up(self, reason: Reason) -> None:
        """The agent will not answer."""
        self._end(Outcome(ReplyStatus.FAILED, reason=reason))

    def wait(self, wanted: Callable[[], bool]) -> Outcome:
        """What comes of it; `STOPPED` when it is not `wanted` any more."""
        with self._changed:
            while self._outcome is None:
                left = self._until - time.monotonic()
                if not wanted():
                    self._outcome = Outcome(ReplyStatus.STOPPED)
                elif left <= 0:
                    silent = OutsideSilent(agent=self._agent, seconds=round(self._patience_s, 1))
                    self._outcome = Outcome(ReplyStatus.FAILED, reason=silent.reason())
                else:
                    self._changed.wait(min(left, STEP_S))
            return self._outcome

    def _end(self, outcome: Outcome) -> bool:
        with self._changed:
            if self._outcome is not None:
                return False
            self._outcome = outcome
            self._changed.notify_all()
            return True


class Offers:
    """The turns that are on offer just now, by seat. Thread-safe."""

    def __init__(self, reach: Reach, settings: Settings) -> None:
        self._reach, self._settings = reach, settings
        self._lock = threading.Lock()
        self._open: dict[Key, Offer] = {}

    def offer(self, opened: Opened, reply: Reply) -> Offer:
        """Tell whoever brought the agent that it is its turn; nobody there: it is given up."""
        name, patience_s = opened.agent.name, self._settings.rooms.outside_turn_s
        offer = Offer(reply, name, patience_s)
        key = (opened.room.id, name_key(name))
        with self._lock:
            self._open[key] = offer
        seat = self._reach(key)
        if seat is None:
            offer.give_up(OutsideAway(agent=name).reason())
        elif seat.tell is not None:
            seat.tell(_frame(opened, patience_s))
        return offer

    def get(self, key: Key) -> Offer | None:
        with self._lock:
            return self._open.get(key)

    def over(self, offer: Offer) -> None:
        """The turn has ended: what comes now is not for it any more."""
        with self._lock:
            for key in [key for key, one in self._open.items() if one is offer]:
                del self._open[key]

    def give_up(self, seats: Iterable[Seat]) -> None:
        """Nobody sits there any more, or has gone quiet."""
        for seat in seats:
            if (offer := self.get(seat.key)) is not None:
                offer.give_up(OutsideAway(agent=seat.name).reason())


def _frame(opened: Opened, patience_s: float) -> dict[str, Any]:
    """What an agent is told when it is its turn."""
    message = opened.event.message
    return {
        "type": "turn",
        "room": opened.room.id,
        "event": opened.event.event,
        "agent": opened.agent.name,
        "seq": opened.event.seq,
        "reply_to": message.reply_to if message is not None else None,
        "deadline_s": patience_s,
        "role": opened.turn.role,
        "task": opened.turn.task,
        "why": opened.turn.why.get("code"),
    }
