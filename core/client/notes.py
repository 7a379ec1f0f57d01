"""What an outside program knows of a room, and whom its agents have to answer.

An agent answers a message of people, or one that calls it by @, and nothing else, and it knows
only what it has heard: what was said while it was there, and whispers to it. What was
answered is read from the room itself (`reply_to` of the agent's own messages), so that it
survives a lost connection, a restart of either side, and a kill.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.messages import Kind, Line, Message, ReplyStatus
from core.rooms.rules import name_key
from core.rooms.said.mentions import mentioned

# Two agents that call each other could go on for ever: between two messages of people, an agent
# answers others at most so often.
MOST_ANSWERS_TO_AGENTS = 3
_MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What an agent has to answer: message `seq`, or (`turn`) a turn whose message is there.

    `task` is what the turn is for.
    """

    seq: int | None
    turn: int | None = None
    task: str = ""

    @property
    def key(self) -> str:
        """Names the answer, so that it is given once."""
        return str(self.seq) if self.turn is None else f"turn-{self.turn}"


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote that an agent is asked for: whom of `choices` it wants to hear."""

    id: str
    choices: tuple[str, ...]


class Notes:
    """One room through the ears of some agents. Not thread-safe."""

    def __init__(self, agents: Iterable[str], turns: Iterable[str] = ()) -> None:
        """`turns`: those who speak when it is their turn, and not by themselves."""
        self._agents = {name_key(name): name for name in agents}
        self._turns = {name_key(name) for name in turns}
        self._offers: dict[str, Asked] = {}
        self._ballots: dict[str, Ballot] = {}
        self._messages: dict[int, Message] = {}
        self._floor: dict[str, int] = {}
        self._settled: dict[str, int] = dict.fromkeys(self._agents, 0)
        self._heard: dict[str, set[int]] = {key: set() for key in self._agents}
        self._since = 0  # from the next message on, these agents are there together
        self.members: tuple[str, ...] = ()
        self.last_event = 0

    def begin(
        self, room: Mapping[str, Any], past: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> None:
        """Take in the room as it is when the agents first come; `past` is what each has heard.

        What was said before an agent's first visit is not its business. One that has answered
        here before goes on behind its last answer.
        """
        self.members = tuple(str(member["name"]) for member in room["members"])
        self.last_event = int(room["last_event"])
        self._since = int(room["last_seq"])
        for agent, messages in past.items():
            for body in messages:
                if not body.get("hidden"):
                    self._heard[name_key(agent)].add(int(body["seq"]))
                    self._keep(body)
        for key in self._agents:
            been_here = any(self._is_own(key, message) for message in self._messages.values())
            self._floor[key] = self._settled[key] if been_here else int(room["last_seq"])

    def hear(self, frame: Mapping[str, Any]) -> None:
        """Take in one frame of the room's socket."""
        if isinstance(frame.get("event"), int):
            self.last_event = max(self.last_event, frame["event"])
        if frame.get("type") == "presence" and isinstance(frame.get("members"), list):
            self.members = tuple(str(name) for name in frame["members"])
        elif frame.get("type") == "turn":
            asked = Asked(frame.get("reply_to"), int(frame["seq"]), str(frame.get("task") or ""))
            self._offers[name_key(str(frame["agent"]))] = asked
        elif frame.get("type") == "ballot":
            choices = tuple(str(name) for name in frame["choices"])
            self._ballots[name_key(str(frame["agent"]))] = Ballot(str(frame["ballot"]), choices)
        elif "content" in frame and "sender" in frame:
            self._keep(frame)

    def lost(self) -> None:
        """The connection broke: the room has ended the turns of these agents."""
        self._offers.clear()
        self._ballots.clear()

    def ballot(self, agent: str) -> Ballot | None:
        """The vote that this agent is asked for, given once; `None`: none."""
        return self._ballots.pop(name_key(agent), None)

    def due(self, agent: str) -> Asked | None:
        """What this agent has to answer: its turn, or the newest message; `None`: nothing."""
        key = name_key(agent)
        if key in self._turns:
            return self._offers.get(key)
        after = max(self._settled[key], self._floor.get(key, 0))
        waiting = (seq for seq in sorted(self._messages, reverse=True) if seq > after)
        found = next((seq for seq in waiting if self._is_for(key, self._messages[seq])), None)
        return None if found is None else Asked(found)

    def finished(self, agent: str, asked: Asked) -> bool:
        """Whether this agent's answer is in the room and final."""
        if asked.turn is not None:
            own = self._messages.get(asked.turn)
            return own is not None and own.status.final
        key = name_key(agent)
        return any(
            self._is_own(key, message) and message.reply_to == asked.seq and message.status.final
            for message in self._messages.values()
        )

    def settle(self, agent: str, asked: Asked) -> None:
        """Let it rest: it will not be answered any more."""
        key = name_key(agent)
        if self._offers.get(key) == asked:
            del self._offers[key]
        if asked.seq is not None:
            self._settled[key] = max(self._settled[key], asked.seq)

    def history(self, agent: str, limit: int) -> list[Line]:
        """The last `limit` finished messages with words that this agent has heard, oldest first."""
        key = name_key(agent)
        said = [self._messages[seq] for seq in sorted(self._messages)]
        heard = [one for one in said if one.status.final and self._hears(key, one)]
        return [Line(one.seq, one.sender, one.content, bool(one.to)) for one in heard[-limit:]]

    def _keep(self, body: Mapping[str, Any]) -> None:
        message = _message(body)
        self._messages[message.seq] = message
        if len(self._messages) > _MOST_KEPT:
            del self._messages[min(self._messages)]
        for key in self._agents:
            offer = self._offers.get(key)
            if offer is not None and offer.turn == message.seq and message.status.final:
                del self._offers[key]
            if self._is_own(key, message) and message.reply_to is not None:
                # Also while it is `pending`: it was begun, and ends as what it becomes.
                self._settled[key] = max(self._settled[key], message.reply_to)

    def _is_own(self, key: str, message: Message) -> bool:
        return message.kind is Kind.EXTERNAL and name_key(message.sender) == key

    def _hears(self, key: str, message: Message) -> bool:
        """Whether there are words for this agent; several share one connection's ears."""
        if message.hidden or not message.content:
            return False
        if message.seq <= self._since:
            return message.seq in self._heard[key]
        own = name_key(message.sender) == key
        return own or not message.to or key in map(name_key, message.to)

    def _is_for(self, key: str, message: Message) -> bool:
        if message.deleted or not message.status.final or not self._hears(key, message):
            return False
        if name_key(message.sender) == key or message.kind is Kind.SYSTEM:
            return False
        called = {
            name_key(name)
            for name in mentioned(message.content, [*self.members, self._agents[key]])
        }
        if message.kind is Kind.HUMAN:
            return not called or key in called or bool(message.to)
        return key in called and self._answers_since_people(key) < MOST_ANSWERS_TO_AGENTS

    def _answers_since_people(self, key: str) -> int:
        people = [seq for seq, one in self._messages.items() if one.kind is Kind.HUMAN]
        last = max(people, default=0)
        own = [seq for seq, one in self._messages.items() if self._is_own(key, one)]
        return sum(1 for seq in own if seq > last)


def _message(body: Mapping[str, Any]) -> Message:
    return Message(
        id=str(body["id"]),
        room=str(body["room"]),
        seq=int(body["seq"]),
        sender=str(body["sender"]),
        kind=Kind(body["kind"]),
        content=str(body["content"]),
        status=ReplyStatus(body["status"]),
        created_at=datetime.fromisoformat(str(body["created_at"])),
        reply_to=body.get("reply_to"),
        model=body.get("model"),
        deleted=bool(body.get("deleted")),
        to=tuple(body.get("to") or ()),
        hidden=bool(body.get("hidden")),
    )
