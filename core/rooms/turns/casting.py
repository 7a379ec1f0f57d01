"""Who takes a turn, and with which models: from a turn that is due to one that has begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from core.agents import Agent, Agents
from core.errors import AgentNotFound
from core.messages import Kind, Line, ReplyStatus, StreamEvent
from core.providers.base import with_adapter
from core.rooms import book
from core.rooms.model import Member, Room
from core.rooms.people import hearing
from core.rooms.rules import name_key
from core.rooms.said import versions
from core.rooms.said.versions import CONTINUE
from core.rooms.seen import Seen
from core.rooms.turns import rounds
from core.settings import Settings

HEARD_LINES = 200  # the last ones that an agent is told of
OUTSIDE = "outside"  # in the place of a model: it is in another program


class Defaults(Protocol):
    """What the user chose: read at every turn, so that a choice counts at once."""

    def get(self, name: str, default: Any = None) -> Any: ...


def guest_of(room: Room, name: str) -> Member | None:
    """The member of this name whose model is in another program, if there is one."""
    outside = (one for one in room.members if one.kind is not Kind.AGENT)
    return next((one for one in outside if name_key(one.name) == name_key(name)), None)


@dataclass(frozen=True, slots=True)
class Opened:
    """A turn that has begun: its reply is there, `pending`. No `chain`: a guest's turn.

    `heard`: the last lines that its agent has heard, where that was soon found out; else it is
    read when it speaks. `shown`: of a line that is said again, the number of the answer that it
    showed before.
    """

    turn: rounds.Turn
    room: Room
    agent: Agent
    chain: list[str]
    event: StreamEvent
    heard: Sequence[Line] | None = None
    shown: int | None = None

    @property
    def begun(self) -> str:
        """What stands there of a reply that is to go on."""
        message = self.event.message
        return message.content if message is not None and message.again == CONTINUE else ""

    @property
    def again_at(self) -> int | None:
        """Of a line that is said again, its number; only what was said before it counts."""
        message = self.event.message
        return message.seq if message is not None and message.again else None


class Casting:
    """Begins turns of all rooms. Thread-safe: everything is read anew."""

    def __init__(self, agents: Agents, settings: Settings, defaults: Defaults) -> None:
        self._agents, self._settings, self._defaults = agents, settings, defaults

    def chain_of(self, room: Room, agent: Agent) -> list[str]:
        """The models asked for this agent in this room, in order; the starter comes last."""
        here = next((member.model for member in room.members if member.name == agent.name), None)
        return self.chain_for(agent, here)

    def chain_for(self, agent: Agent, here: str | None = None) -> list[str]:
        """The models asked for an agent; `here` is the one chosen for it in a room."""
        wanted = here or agent.model or self._defaults.get("default_model")
        first = with_adapter(wanted or self._settings.models.default, agent.adapter)
        chain = [first, *self._settings.models.fallbacks]
        return list(dict.fromkeys(chain))

    def model_of(self, room: Room, name: str) -> str:
        """The model that a member is asked first; the default for an unknown agent."""
        if guest_of(room, name) is not None:
            return OUTSIDE
        try:
            return self.chain_of(room, self._agents.get(name))[0]
        except AgentNotFound:
            return self._settings.models.default

    def talkativeness(self, name: str) -> float | None:
        """How talkative an agent is; `None` when nobody chose, or it is gone."""
        try:
            return self._agents.get(name).talkativeness
        except AgentNotFound:
            return None

    def open(
        self,
        conn: Connection,
        turn: rounds.Turn,
        heard_seq: int | None = None,
        seen: Seen | None = None,
    ) -> Opened | None:
        """Begin a turn; `None` when it is no longer due or its agent is gone.

        `heard_seq`: it hears the room up to there only. `seen`: the room, if already read.
        """
        seen = seen or Seen(conn, turn.room)
        room = seen.room
        guest = guest_of(room, turn.agent)
        try:
            agent = Agent(name=guest.name) if guest else self._agents.get(turn.agent)
        except AgentNotFound:
            rounds.end(conn, turn)
            return None
        chain = [] if guest else self.chain_of(room, agent)
        values = {
            "sender": agent.name,
            "kind": str(Kind.EXTERNAL if guest else Kind.AGENT),
            "content": "",
            "status": str(ReplyStatus.PENDING),
            "model": chain[0] if chain else None,
            "turn": {"policy": room.policy, **turn.why} if turn.why else None,
        }
        event = rounds.begin(seen, turn, values, heard_seq)
        if event is None:
            return None
        heard = None
        if not guest and heard_seq is None:
            heard = hearing.heard_soon(conn, room.id, agent.name, HEARD_LINES)
        return Opened(turn, room, agent, chain, event, heard)

    def open_again(
        self, conn: Connection, room_id: str, seq: int, kind: str, model: str | None
    ) -> Opened:
        """Begin to say a line anew (with `model`, if given), or the rest of it.

        Raises:
            MessageNotFound, AgentNotFound.
            Conflict: see `versions.begin_again`.
        """
        message = versions.finished(conn, room_id, seq)
        if message.kind is Kind.AGENT:
            agent = self._agents.get(message.sender)
        else:
            agent = Agent(name=message.sender)  # refused below
        room = book.load_room(conn, room_id)
        chain = self.chain_of(room, agent)
        if kind == CONTINUE and message.model:
            model = message.model
        if model is not None:
            chain = list(dict.fromkeys([model, *self._settings.models.fallbacks]))
        event = versions.begin_again(conn, room_id, seq, kind, chain[0])
        turn = rounds.Turn(room_id, message.reply_to or 0, -1, agent.name)
        return Opened(turn, room, agent, chain, event, shown=message.variant)
