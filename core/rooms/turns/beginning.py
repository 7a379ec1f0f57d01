"""The first step of a round, taken in the transaction that stores the message it answers.

While the disk takes that transaction in, the room's thread makes ready what needs no disk: the
prompt. Nobody outside hears of the turn, and no model is asked, before it is stored.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from core.rooms.turns.lineup import Ticket

Step = TypeVar("Step")


class NotStored(BaseException):
    """The turn that is made ready has not begun: its transaction failed, or was run once more.

    No error of a turn, so nothing that looks after a turn's errors may catch it.
    """


class Beginning(Generic[Step]):
    """A step on its way to the disk. `ticket` may hold its turn's place already.

    `stored` is the step once it is stored, or the storage's error.
    """

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.stored: Future[Step]
        self._known, self._over = threading.Event(), threading.Event()
        self._step: Step | None = None

    def about_to_be_stored(self, step: Step) -> None:
        """Called right before the commit, once more if the transaction must be run again."""
        self._step = step
        self._known.set()

    def over(self) -> None:
        """Called when it is stored, and told to those who look on, or is not going to be."""
        self._over.set()
        self._known.set()

    def step(self) -> tuple[Step, Callable[[], None]]:
        """The step as soon as it is known, and what waits until it is stored.

        Raises:
            NotStored: here or by what waits; `stored` tells more.
        """
        self._known.wait()
        known = self._step
        if known is None:
            raise NotStored

        def stored() -> None:
            self._over.wait()
            if self.stored.exception() is not None or self.stored.result() is not known:
                raise NotStored

        return known, stored
