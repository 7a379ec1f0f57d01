"""Rounds at work: one thread per room that has something to say, none for a quiet one."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from sqlalchemy import Connection

from core.agents import Agent, Agents
from core.errors import AgentNotFound, Interrupted, StorageError, Unforeseen
from core.logs import part_logger
from core.messages import Kind, ReplyStatus, StreamEvent
from core.providers.chain import answer
from core.providers.registry import Registry
from core.rooms import admin, book, rounds
from core.rooms.briefing import Briefing
from core.rooms.care import Care
from core.rooms.flusher import Flusher
from core.rooms.log import Logs
from core.rooms.model import Presence, Room
from core.rooms.options import options_for
from core.rooms.policy import in_order
from core.rooms.reply import RETRY_S, Reply
from core.rooms.speaker import Spoken, speak
from core.rooms.speech import Speech
from core.settings import Settings
from core.store import Store

TRANSCRIPT_LINES = 200
PAUSE_S = 5.0  # after storage failed, before the room tries again

log = part_logger("rooms")


class Defaults(Protocol):
    """What the user chose: read at every turn, so that a choice counts at once."""

    def get(self, name: str, default: Any = None) -> Any: ...


@dataclass
class _Active:
    """A room with a running thread."""

    again: bool = False
    cancel: threading.Event = field(default_factory=threading.Event)
    presence: Presence = field(default_factory=Presence)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A turn that has begun: its reply is there, `pending`."""

    turn: rounds.Turn
    room: Room
    agent: Agent
    chain: list[str]
    event: StreamEvent


class Engine:
    """Plans rounds, runs their turns, and stops them."""

    def __init__(
        self,
        store: Store,
        logs: Logs,
        agents: Agents,
        registry: Registry,
        settings: Settings,
        defaults: Defaults,
        care: Care,
    ) -> None:
        self._store, self._logs, self._care = store, logs, care
        self._agents, self._registry, self._settings = agents, registry, settings
        self._defaults, self.flusher = defaults, Flusher()
        self.briefing = Briefing(agents, registry, settings, defaults)
        self.speech = Speech(settings, defaults)
        self._lock = threading.Lock()
        self._active: dict[str, _Active] = {}
        self._idle = threading.Condition(self._lock)
        self._closing = threading.Event()
        self._trimmed: dict[str, int] = {}

    # --- what callers may do --------------------------------------------------------------

    def kick(self, room_id: str) -> None:
        """There may be something to answer: start the room's thread, or tell the running one."""
        with self._lock:
            if self._closing.is_set():
                return
            active = self._active.get(room_id)
            if active is not None:
                active.again = True
                return
            active = self._active[room_id] = _Active()
            threading.Thread(
                target=self._run, args=(room_id, active), name=f"room-{room_id[-6:]}", daemon=True
            ).start()

    def stop(self, room_id: str) -> None:
        """End the reply that is spoken and drop the turns that have not begun."""
        self._store.write(lambda conn: rounds.drop(conn, room_id))
        with self._lock:
            active = self._active.get(room_id)
            if active is not None:
                active.cancel.set()

    def presence(self, room_id: str) -> Presence:
        """Who speaks now and who is next."""
        with self._lock:
            active = self._active.get(room_id)
            return active.presence if active else Presence()

    def speaking(self) -> set[str]:
        """The rooms in which somebody speaks."""
        with self._lock:
            return {room_id for room_id, active in self._active.items() if active.presence.seq}

    def wait_idle(self, room_id: str, timeout_s: float) -> bool:
        """Wait until the room has nothing left to answer; false when `timeout_s` passed first."""
        with self._idle:
            return self._idle.wait_for(lambda: room_id not in self._active, timeout_s)

    def resume(self) -> None:
        """After a start: close what a kill left open, and run what had not begun."""
        for event in self._store.write(rounds.close_unfinished):
            self._logs.publish(event)
        with self._store.read() as conn:
            waiting = rounds.rooms_with_work(conn)
        for room_id in waiting:
            self.kick(room_id)

    def close(self) -> None:
        """Stop speaking everywhere; what was said is `partial`, turns not begun stay due."""
        self._closing.set()
        with self._idle:
            for active in self._active.values():
                active.cancel.set()
            self._idle.wait_for(lambda: not self._active, timeout=5)
        self.flusher.close()

    def trim(self, room_id: str) -> None:
        """Now and then drop the events that no subscriber is promised any more."""
        window = self._settings.rooms.event_window
        last = self._logs.of(room_id).last_event
        if last - self._trimmed.get(room_id, 0) > window // 10:
            self._trimmed[room_id] = last
            self._store.submit(lambda conn: admin.forget_events(conn, room_id, last - window))

    def chain_of(self, room: Room, agent: Agent) -> list[str]:
        """The models asked for this agent in this room, in order; the starter comes last."""
        here = next((member.model for member in room.members if member.name == agent.name), None)
        wanted = here or agent.model or self._defaults.get("default_model")
        chain = [wanted or self._settings.models.default, *self._settings.models.fallbacks]
        return list(dict.fromkeys(chain))

    # --- the room's thread ------------------------------------------------------------------

    def _run(self, room_id: str, active: _Active) -> None:
        try:
            while self._round(room_id, active) or self._asked_again(room_id, active):
                if self._closing.is_set():
                    return
        except StorageError as error:
            log.error("round_failed", ids={"room": room_id}, error=error.code)
            # What is due stays due: it goes on when there is room on the disk again, say.
            self.flusher.call_at(time.monotonic() + PAUSE_S, lambda: self.kick(room_id))
        except Exception:
            log.exception("round_failed", ids={"room": room_id})
        finally:
            with self._idle:
                if self._active.get(room_id) is active:
                    del self._active[room_id]
                self._idle.notify_all()

    def _asked_again(self, room_id: str, active: _Active) -> bool:
        """Whether somebody kicked while the round ran; if not, the room is quiet from here on."""
        with self._idle:
            again, active.again = active.again, False
            if not again:
                del self._active[room_id]
            return again

    def _round(self, room_id: str, active: _Active) -> bool:
        """Run one round; false when there was nothing to answer."""
        active.cancel.clear()
        if self._closing.is_set():
            return False
        turns, opened = self._store.write(lambda conn: self._open_round(conn, room_id))
        for number, turn in enumerate(turns):
            if number and active.cancel.is_set():
                break
            if number:
                opened = self._store.write(partial(self._open, turn=turn))
            if opened is not None:
                following = tuple(later.agent for later in turns[number + 1 :])
                self._turn(opened, active, following)
        active.presence = Presence()
        self.trim(room_id)
        return bool(turns)

    def _open_round(
        self, conn: Connection, room_id: str
    ) -> tuple[list[rounds.Turn], _Opened | None]:
        """Plan the round and begin its first turn, in one transaction."""
        turns = rounds.plan(conn, room_id, in_order)
        return turns, self._open(conn, turns[0]) if turns else None

    def _open(self, conn: Connection, turn: rounds.Turn) -> _Opened | None:
        """Begin a turn; `None` when it is no longer due or its agent is gone."""
        try:
            agent = self._agents.get(turn.agent)
        except AgentNotFound:
            rounds.end(conn, turn)
            return None
        room = book.load_room(conn, turn.room, deleted=True)
        chain = self.chain_of(room, agent)
        values = {
            "sender": agent.name,
            "kind": str(Kind.AGENT),
            "content": "",
            "status": str(ReplyStatus.PENDING),
            "model": chain[0],
        }
        event = rounds.begin(conn, turn, values)
        return None if event is None else _Opened(turn, room, agent, chain, event)

    def _turn(self, opened: _Opened, active: _Active, following: tuple[str, ...]) -> None:
        self._logs.publish(opened.event)
        active.presence = Presence(opened.agent.name, opened.event.seq, following)
        reply = self.reply(opened.event)
        status, spoken = self._speak(opened, reply, active.cancel)
        self._finish(opened.turn, reply, status, spoken)

    def _speak(
        self, opened: _Opened, reply: Reply, cancel: threading.Event
    ) -> tuple[ReplyStatus, Spoken]:
        room, agent = opened.room, opened.agent
        try:
            with self._store.read() as conn:
                transcript = book.load_transcript(conn, room.id, TRANSCRIPT_LINES)
            return speak(
                agent,
                opened.chain,
                transcript,
                [member.name for member in room.members],
                options_for(agent, self._settings),
                answer=lambda *asked: answer(self._registry, *asked, cache=self._care.cache),
                say=reply.add,
                cancel=cancel,
                thinking=reply.thinking,
                processor=self.speech.processor_for(agent),
                brief=self.briefing.of(agent),
            )
        except Exception as error:
            log.exception("turn_failed", ids={"room": room.id, "message": reply.message.id})
            cause = Unforeseen(kind=type(error).__name__, log=self._settings.paths.logs)
            return ReplyStatus.PARTIAL, Spoken(reason=cause.reason())

    def _finish(self, turn: rounds.Turn, reply: Reply, status: ReplyStatus, spoken: Spoken) -> None:
        reason = spoken.reason
        if status is ReplyStatus.STOPPED and self._closing.is_set():
            status, reason = ReplyStatus.PARTIAL, Interrupted().reason()
        if status is ReplyStatus.PARTIAL and not reply.text:
            status = ReplyStatus.FAILED
        message = reply.finish(
            status,
            model=spoken.model,
            host=spoken.host,
            reason=reason,
            usage=spoken.usage,
            timings=spoken.timings(),
            reasoning=spoken.reasoning,
            speech=spoken.speech,
            also=lambda conn: self._settle(conn, turn, status, spoken, reply),
            wait_to_retry=lambda: not self._closing.wait(RETRY_S),
        )
        log.info(
            "reply",
            ids={"room": turn.room, "message": message.id},
            duration_ms=spoken.timings().total_ms,
            error=reason.code if reason else None,
        )

    def _settle(
        self, conn: Connection, turn: rounds.Turn, status: ReplyStatus, spoken: Spoken, reply: Reply
    ) -> None:
        rounds.end(conn, turn)
        self._care.ended(conn, turn, status, spoken, reply.text)
        self.briefing.ended(conn, turn.room, reply.message.seq, spoken)

    def reply(self, event: StreamEvent) -> Reply:
        """A writer for the pending message of `event`."""
        assert event.message is not None
        rooms = self._settings.rooms
        return Reply(self._store, self._logs, self.flusher, event.message, rooms.flush_ms)
