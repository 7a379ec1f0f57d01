"""What a room is, as callers see it. All values are frozen snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.messages import Kind, Message, Reason

# What outside agents say they can do:
TURNS = "turns"  # policies may choose it
BALLOTS = "ballots"  # it may be asked for its vote


@dataclass(frozen=True, slots=True)
class Member:
    """An agent of the room. `model` overrides the agent's own model here; `None` does not.

    Who is `muted` hears everything and is not asked. Who is `away` (only agents from outside)
    has not been heard of for a while: its turns are left out until it is back.
    """

    name: str
    kind: Kind
    model: str | None = None
    capabilities: tuple[str, ...] = ()
    muted: bool = False
    away: bool = False

    @property
    def takes_turns(self) -> bool:
        """Whether turn policies choose it; other outside agents answer by themselves."""
        return self.kind is Kind.AGENT or TURNS in self.capabilities

    @property
    def votes(self) -> bool:
        """Whether it can be asked whom it wants to hear; who cannot is not waited for."""
        return self.kind is Kind.AGENT or (self.takes_turns and BALLOTS in self.capabilities)

    @property
    def there(self) -> bool:
        """Whether it can be asked just now."""
        return self.takes_turns and not (self.muted or self.away)


@dataclass(frozen=True, slots=True)
class Room:
    """One room. `last_seq` and `last_event` count its messages and events so far.

    `policy_options` is what is set about its turn policy; the rest has the policy's defaults.
    `origin` tells where a branch comes from: {room, name, seq}. `halted` is why nobody answers
    here until somebody lets it go on.
    """

    id: str
    name: str
    policy: str
    members: tuple[Member, ...]
    created_at: str
    updated_at: str
    last_seq: int
    last_event: int
    deleted_at: str | None = None
    policy_options: Mapping[str, Any] = field(default_factory=dict)
    context_tokens: int | None = None  # asked of its models here; `None`: what the settings say
    origin: Mapping[str, Any] | None = None
    halted: Reason | None = None

    @property
    def agents(self) -> tuple[str, ...]:
        """The names of the members that live in this app."""
        return tuple(member.name for member in self.members if member.kind is Kind.AGENT)


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """A line of the list of rooms: the room, what was said last, and whether somebody speaks."""

    room: Room
    last_line: Message | None
    speaking: bool


@dataclass(frozen=True, slots=True)
class Coming:
    """A turn that is due: whose, why (a stored reason), with which model.

    `loads` tells whether that model must be loaded first, as far as known.
    """

    agent: str
    why: Mapping[str, Any]
    model: str
    loads: bool | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """Who speaks now (`None`: nobody), in which message, and who is due after.

    `also` are those who speak at the same time. `choosing`: models are asked who comes next.
    `ahead`: the room waits for its model server, and so many turns of other rooms come first.
    """

    speaking: str | None = None
    seq: int | None = None
    next: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    coming: tuple[Coming, ...] = ()
    choosing: bool = False
    ahead: int | None = None


@dataclass(frozen=True, slots=True)
class RoundFigures:
    """What the last round cost: loads of models made, those of the policy's order, and seconds.

    `None`: unknown, because the app was ended in the middle.
    """

    trigger_seq: int
    policy: str
    state: str
    turns: int
    loads: int | None
    naive_loads: int | None
    saved_s: float | None
