"""Votes of agents of other programs: each is told whom it may choose, and has a while to do so."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput
from core.rooms.people.seats import Key, Seat
from core.rooms.policies.base import Question
from core.rooms.rules import name_key

STEP_S = 0.1  # how soon a wait notices that it is not wanted any more

# The seat of an agent that can be told something just now.
Reach = Callable[[Key], Seat | None]


@dataclass
class _Ballot:
    """What one agent is asked; `choice` stays `None` when it abstains."""

    id: str
    question: Question
    choice: str | None = None


class Ballots:
    """Asks the agents of other programs for their votes. Thread-safe."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._changed = threading.Condition()
        self._open: dict[Key, _Ballot] = {}

    def ask(self, room_id: str, questions: Sequence[Question], patience_s: float) -> Poll:
        """Tell those who brought these agents; who is not there abstains. Returns at once."""
        asked: dict[Key, _Ballot] = {}
        for question in questions:
            key = (room_id, name_key(question.agent or ""))
            ballot = asked[key] = _Ballot(uuid.uuid4().hex[:12], question)
            with self._changed:
                self._open[key] = ballot
            seat = self._reach(key)
            if seat is not None and seat.tell is not None:
                seat.tell(_frame(seat, ballot, patience_s))
            else:
                with self._changed:
                    self._close([key])
        return Poll(self, asked, time.monotonic() + patience_s)

    def cast(self, seat: Seat, ballot: str, choice: str | None) -> None:
        """An agent votes, or with `None` abstains; too late, or asked for nothing: no matter.

        Raises:
            InvalidInput: it may not choose this one.
        """
        with self._changed:
            found = self._open.get(seat.key)
            if found is None or found.id != ballot:
                return
            if choice is not None:
                found.choice = _chosen(found.question, choice)
            self._close([seat.key])

    def give_up(self, seats: Iterable[Seat]) -> None:
        """Nobody sits there any more, or has gone quiet."""
        with self._changed:
            self._close([seat.key for seat in seats])

    def _close(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._open.pop(key, None)
        self._changed.notify_all()

    # --- for polls ----------------------------------------------------------------------------

    def _is_open(self, asked: Mapping[Key, _Ballot]) -> bool:
        return any(self._open.get(key) is ballot for key, ballot in asked.items())

    def _wait(
        self, asked: Mapping[Key, _Ballot], until: float, wanted: Callable[[], bool]
    ) -> dict[str, str | None]:
        with self._changed:
            while self._is_open(asked) and wanted() and (left := until - time.monotonic()) > 0:
                self._changed.wait(min(left, STEP_S))
            self._close([key for key, ballot in asked.items() if self._open.get(key) is ballot])
        return {ballot.question.key: ballot.choice for ballot in asked.values()}


class Poll:
    """The votes that were asked for at the same time. Used by one thread."""

    def __init__(self, ballots: Ballots, asked: Mapping[Key, _Ballot], until: float) -> None:
        self._ballots, self._asked, self._until = ballots, asked, until

    @property
    def open(self) -> bool:
        """Whether somebody is still to vote."""
        with self._ballots._changed:
            return self._ballots._is_open(self._asked)

    def close(self, wanted: Callable[[], bool]) -> dict[str, str | None]:
        """Wait for the votes as long as these are `wanted`; `None` for who has not voted."""
        return self._ballots._wait(self._asked, self._until, wanted)


def _chosen(question: Question, choice: str) -> str:
    for name in question.choices:
        if name_key(name) == name_key(choice):
            return name
    raise InvalidInput(field="choice", expected=", ".join(question.choices), found=choice[:40])


def _frame(seat: Seat, ballot: _Ballot, patience_s: float) -> dict[str, Any]:
    return {
        "type": "ballot",
        "room": seat.room,
        "agent": seat.name,
        "ballot": ballot.id,
        "choices": list(ballot.question.choices),
        "deadline_s": patience_s,
    }
