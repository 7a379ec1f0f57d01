"""Rounds at work: one thread per room that has something to say, none for a quiet one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from core.agents import Agents
from core.errors import StorageError
from core.logs import part_logger
from core.providers.registry import Registry
from core.rooms import admin
from core.rooms.answering.speaker import Spoken
from core.rooms.care import Care
from core.rooms.log import Logs
from core.rooms.model import Presence
from core.rooms.turns import rounds
from core.rooms.turns.casting import Defaults, Opened
from core.rooms.turns.running import Active, Again
from core.rooms.turns.staging import Begun, Stage
from core.rooms.turns.turns import Turns
from core.settings import Settings
from core.store import Store

PAUSE_S = 5.0  # after storage failed, before the room tries again

log = part_logger("rooms")


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
        capacity: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._store, self._logs, self._settings = store, logs, settings
        self._lock = threading.Lock()
        self._active: dict[str, Active] = {}
        self._begun: dict[str, Begun] = {}  # of rooms whose thread has not taken it yet
        self._pausing: set[str] = set()  # rooms that go on by themselves after a while
        self._idle = threading.Condition(self._lock)
        self._closing = threading.Event()
        self._trimmed: dict[str, int] = {}
        self.turns = Turns(
            store, logs, agents, registry, settings, defaults, care,
            closing=self._closing, after=self._ended,
        )  # fmt: skip
        self.stage = Stage(store, logs, registry, settings, self.turns, capacity, self._closing)

    # --- what callers may do --------------------------------------------------------------

    def kick(self, room_id: str, *again: Again) -> None:
        """There may be something to answer: start the room's thread, or tell the running one.

        What is to be said again is said before the next turn.
        """
        with self._lock:
            if self._closing.is_set():
                return
            active = self._active.get(room_id)
            if active is not None:
                active.again_first.extend(again)
                active.again = True
                return
            self._start(room_id, Active(again_first=list(again)))

    def begin(self, room_id: str) -> bool:
        """Inside the work that stores a message: begin its round in the same transaction.

        False when somebody speaks there, or nobody can just now: then `kick` once the message is
        stored.
        """
        with self._lock:
            if self._closing.is_set() or room_id in self._active:
                return False
            try:
                active = self._start(room_id, Active())
            except RuntimeError:  # the machine has no thread left
                return False
            self._begun[room_id] = self.stage.begin(room_id, active)
            return True

    def stop(self, room_id: str) -> None:
        """End the reply that is spoken and drop the turns that have not begun."""
        self._store.write(lambda conn: rounds.drop(conn, room_id))
        with self._lock:
            active = self._active.get(room_id)
            if active is not None:
                active.stop()

    def speak_again(self, opened: Opened) -> None:
        """Say a line again that is pending for it; returns at once."""
        self.kick(opened.room.id, Again(opened))

    def presence(self, room_id: str) -> Presence:
        """Who speaks now and who is next."""
        with self._lock:
            active = self._active.get(room_id)
            found = active.presence if active else Presence()
        ahead = self.stage.queue.ahead(room_id) if active and not found.seq else None
        return found if ahead is None else replace(found, ahead=ahead)

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
                active.stop()
            self._idle.wait_for(lambda: not self._active, timeout=5)
        self.turns.circles.close()
        self.turns.flusher.close()

    def trim(self, room_id: str) -> None:
        """Now and then drop the events that no subscriber is promised any more."""
        window = self._settings.rooms.event_window
        last = self._logs.of(room_id).last_event
        if last - self._trimmed.get(room_id, 0) > window // 10:
            self._trimmed[room_id] = last
            self._store.submit(lambda conn: admin.forget_events(conn, room_id, last - window))

    # --- the room's thread ------------------------------------------------------------------

    def _start(self, room_id: str, active: Active) -> Active:
        """Start the room's thread, which waits until the caller lets go of the lock.

        Raises:
            RuntimeError: the machine has no thread left.
        """
        given, name = (room_id, active), f"room-{room_id[-6:]}"
        threading.Thread(target=self._run, args=given, name=name, daemon=True).start()
        self._active[room_id] = active
        return active

    def _run(self, room_id: str, active: Active) -> None:
        with self._lock:
            begun = self._begun.pop(room_id, None)
        try:
            while self._round(room_id, active, begun) or self._asked_again(room_id, active):
                begun = None
                if self._closing.is_set():
                    return
        except StorageError as error:
            log.error("round_failed", ids={"room": room_id}, error=error.code)
            self._later(room_id)
        except Exception:
            log.exception("round_failed", ids={"room": room_id})
        finally:
            with self._idle:
                if self._active.get(room_id) is active:
                    del self._active[room_id]
                self._idle.notify_all()

    def _later(self, room_id: str) -> None:
        """What is due stays due: it goes on when there is room on the disk again, say."""
        with self._lock:
            if room_id in self._pausing:
                return
            self._pausing.add(room_id)

        def go_on() -> None:
            with self._lock:
                self._pausing.discard(room_id)
            self.kick(room_id)

        self.turns.flusher.call_at(time.monotonic() + PAUSE_S, go_on)

    def _asked_again(self, room_id: str, active: Active) -> bool:
        """Whether somebody kicked while the round ran; if not, the room is quiet from here on."""
        with self._idle:
            again, active.again = active.again, False
            if not again:
                del self._active[room_id]
            return again

    def _round(self, room_id: str, active: Active, begun: Begun | None) -> bool:
        """Run turns until nothing is due; true when something else ended it before that."""
        if begun is None:
            self.stage.say_again(room_id, active)
        more = self.stage.run(room_id, active, begun)
        self.trim(room_id)
        return more

    def _ended(self, conn: Connection, turn: rounds.Turn, spoken: Spoken) -> None:
        with self._lock:
            active = self._active.get(turn.room)
        self.stage.steps.ended(conn, turn, spoken, active)
