"""What a room is, as callers see it. All values are frozen snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.messages import Kind, Message


@dataclass(frozen=True, slots=True)
class Member:
    """An agent of the room. `model` overrides the agent's own model here; `None` does not."""

    name: str
    kind: Kind
    model: str | None = None
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """One room. `last_seq` and `last_event` count its messages and events so far.

    `policy_options` is what is set about its turn policy; the rest has the policy's defaults.
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
class Presence:
    """Who speaks now (`None`: nobody), in which message, and who is due after."""

    speaking: str | None = None
    seq: int | None = None
    next: tuple[str, ...] = ()
