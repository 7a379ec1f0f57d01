"""What is kept of a room whose thread runs: nothing of it is needed after a kill."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from core.rooms.model import Coming, Presence
from core.rooms.turns.casting import Opened
from core.rooms.turns.deciding import Answers
from core.rooms.turns.loads import Tally
from core.rooms.turns.places import Stand
from core.rooms.turns.schedule import Machine, Slot


@dataclass(frozen=True, slots=True)
class Again:
    """A line that is to be said again, or to its end; `cancel` ends just that."""

    opened: Opened
    cancel: threading.Event = field(default_factory=threading.Event)


@dataclass
class Active:
    """A room with a running thread.

    `answers` are of the models asked who comes next, by choice; `missing` are the positions of
    the turns just begun whose model was not in memory. `last`: no turn of a round came after the
    one that has ended.
    """

    again: bool = False
    cancel: threading.Event = field(default_factory=threading.Event)
    presence: Presence = field(default_factory=Presence)
    answers: tuple[tuple[int, int], Answers] = ((0, 0), {})
    tally: Tally = field(default_factory=Tally)
    missing: set[int] = field(default_factory=set)
    again_first: list[Again] = field(default_factory=list)
    last: bool = False

    def stop(self) -> None:
        """End what is said, and what was to be said again."""
        self.cancel.set()
        for job in tuple(self.again_first):
            job.cancel.set()

    def speak(self, group: list[tuple[Opened, Stand]], due: list[Stand], machine: Machine) -> None:
        """These speak now; `due` are those that come after, in order."""
        first, *others = [opened for opened, _stand in group]
        self.presence = Presence(
            first.agent.name,
            first.event.seq,
            tuple(stand.turn.agent for stand in due),
            tuple(opened.agent.name for opened in others),
            coming_of(due, machine, [stand for _opened, stand in group]),
        )

    def wait(self, due: list[Stand], machine: Machine, ahead: int | None) -> None:
        """All of `due` wait for their server."""
        names = tuple(stand.turn.agent for stand in due)
        self.presence = Presence(next=names, coming=coming_of(due, machine, []), ahead=ahead)


def coming_of(due: list[Stand], machine: Machine, before: list[Stand]) -> tuple[Coming, ...]:
    """The turns that are due, and whether each must load its model when its time comes."""
    slots = dict(machine.slots)
    for stand in before:
        _loads(slots, stand)
    return tuple(
        Coming(stand.turn.agent, stand.turn.why, stand.ref, _loads(slots, stand)) for stand in due
    )


def _loads(slots: dict[str, Slot], stand: Stand) -> bool | None:
    slot = slots.get(stand.place.memory)
    if slot is None:
        return None
    slots[stand.place.memory], loaded, _adapters = slot.use(stand.job.model)
    return bool(loaded)
