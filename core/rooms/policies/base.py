"""What every turn policy is, sees and gives.

A policy looks at a frozen view of the room and says whose turn is next, and why. It is asked
when people have said something, and again whenever the last turn that it gave has ended, until
it names nobody. It reads and stores nothing itself: the same view gives the same answer.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from core.messages import Line, Reason
from core.text import N_

OptionKind = Literal["count", "switch", "member", "members", "model"]
Value = int | bool | str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can be set about a policy in a room. `low` and `high` bound a count."""

    name: str
    kind: OptionKind
    default: Value
    title: str
    low: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """A turn of this round that has ended; `text` is what was said, "" when nothing came."""

    agent: str
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """A room as policies see it.

    `asked` is what people wrote that this round answers, oldest first. `members` are the agents
    that may speak, in the room's order; `guests` are those of them whose models are in other
    programs, which are asked for nothing but a turn or a vote, and `voteless` those that cannot
    vote either. `outside` are agents of other programs who answer by themselves, `away` those who
    take turns and are not there just now.
    `transcript` holds the last lines, only for policies that ask models, and `heard` those of them
    that each member was there for. `last_speaker` is the agent that spoke last in the room, this
    round included; before the round's first turn only policies that follow it are told. `answers`
    are those of the models that the policy asked for this very choice, `None` where none came.
    `seed` is the same whenever the same choice is made again.
    """

    asked: tuple[str, ...]
    members: tuple[str, ...]
    outside: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    guests: frozenset[str] = frozenset()
    voteless: frozenset[str] = frozenset()
    talkativeness: Mapping[str, float] = field(default_factory=dict)
    transcript: tuple[Line, ...] = ()
    heard: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    last_speaker: str | None = None
    taken: tuple[Taken, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, str | None] = field(default_factory=dict)
    seed: str = ""

    def chance(self) -> random.Random:
        """The dice for this choice."""
        return random.Random(self.seed)

    def after(self, name: str | None) -> list[str]:
        """The members in the room's order, beginning behind `name`."""
        if name not in self.members:
            return list(self.members)
        place = self.members.index(name) + 1
        return [*self.members[place:], *self.members[:place]]

    @property
    def others(self) -> list[str]:
        """The members but for the last speaker; it alone when nobody else is there."""
        rest = [name for name in self.after(self.last_speaker) if name != self.last_speaker]
        return rest or list(self.members)


@dataclass(frozen=True, slots=True)
class Choice:
    """One turn: whose, why, in which role, and what it is told to do (English, for the model)."""

    agent: str
    reason: Reason
    role: str = "answer"
    task: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked about the next turn: it must answer with one of `choices`.

    `agent` is whose model is asked, `None` for the one named by `model` or the room's first. A
    `guest` is asked through its program: it is told the choices only, and knows what it heard.
    """

    key: str
    text: str
    choices: tuple[str, ...]
    agent: str | None = None
    model: str | None = None
    guest: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Models must be asked first; the policy is called again with their `answers`."""

    questions: tuple[Question, ...]


Decision = Sequence[Choice] | Ask


class Policy(Protocol):
    """One way of taking turns. Stateless.

    `title` and `explained` are for screens. `strict`: the order of several turns is part of the
    policy, so that no schedule changes it; an option of that name wins. `asks_models`,
    `follows_speaker`: it looks at the transcript, at the last speaker, which take time to find.
    """

    name: str
    title: str
    explained: str
    options: tuple[Option, ...]
    strict: bool
    asks_models: bool
    follows_speaker: bool = False

    def next(self, view: View) -> Decision:
        """The turns that come now; none ends the round."""


STRICT = Option("strict", "switch", False, N_("Keep to this order even when it costs loads"))
TOGETHER = Option("together", "switch", False, N_("Those who can may speak at the same time"))


def turns_option(default: int) -> Option:
    """How many turns one round has at most."""
    return Option("turns", "count", default, N_("Turns in a round, at most"), 1, 20)
