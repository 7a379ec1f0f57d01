"""A room's connection that comes back: joined, caught up, or away for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.client.agents_file import Entry
from core.client.backoff import Backoff
from core.client.http import Http, relayed
from core.client.notes import Notes
from core.client.paths import room_path
from core.client.socket import Socket
from core.errors import AppNotRunning, Relayed, RoomNotFound, WorkbenchError
from core.rooms.rules import name_key

Report = Callable[..., None]

RECENT_MESSAGES = 200
JOIN_S = 15.0
STEP_S = 1.0
HEARTBEAT_S = 10.0
# Refusals that pass by themselves: too many requests, a full disk, the own seat not yet free.
_PASSING = {"too_many", "storage_busy", "disk_full", "storage", "name_taken", "internal_fault"}


class Link:
    """Keeps one room's socket open. `changed` is notified of everything that is heard."""

    def __init__(
        self, http: Http, room: str | None, entries: Sequence[Entry], report: Report
    ) -> None:
        self._http, self._room, self._entries = http, room, entries
        self._agents = [entry.name for entry in entries]
        self._report = report
        self._backoff = Backoff()
        self._socket: Socket | None = None
        self._begun = False
        self.room_id = ""
        self.room_name = room or ""
        self.notes = Notes(self._agents, [one.name for one in entries if one.takes_turns])
        self.changed = threading.Condition()
        self.stopping = threading.Event()
        self.failure: WorkbenchError | None = None

    def run(self) -> None:
        """Stay connected until `stop`, or until the server refuses for good (`failure`)."""
        while not self.stopping.is_set():
            try:
                self._visit()
            except Relayed as error:
                if error.params["code"] not in _PASSING:
                    self.failure = error
                    self.stop()
                    return
                self._wait(error)
            except RoomNotFound as error:
                self.failure = error
                self.stop()
                return
            except AppNotRunning as error:
                self._wait(error)

    def stop(self) -> None:
        """End the connection; returns at once."""
        self.stopping.set()
        with self.changed:
            self.changed.notify_all()

    def current(self) -> Socket | None:
        """The open socket; `None` while away. Call with `changed` held."""
        return self._socket

    def wait(self, socket: Socket, ready: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for `ready()`; false when the time passed or `socket` was lost."""
        with self.changed:
            self.changed.wait_for(
                lambda: ready() or self._socket is not socket or self.stopping.is_set(), timeout_s
            )
            return ready()

    # --- one connection ---------------------------------------------------------------------

    def _visit(self) -> None:
        if not self._begun:
            self._look_around()
        since = self.notes.last_event
        with Socket(self._http, self.room_id, cursor=since, ears=self._agents) as socket:
            try:
                self._join(socket)
                self._backoff.reset()
                self._report("joined", room=self.room_name, agents=", ".join(self._agents))
                self._listen(socket)
            finally:
                with self.changed:
                    self._socket = None
                    self.notes.lost()
                    self.changed.notify_all()

    def _listen(self, socket: Socket) -> None:
        """Hear what comes, and let the room know every few seconds that the agents are there."""
        beat_at = time.monotonic() + HEARTBEAT_S
        while not self.stopping.is_set():
            self._hear(socket.receive(STEP_S))
            if time.monotonic() >= beat_at:
                socket.send({"type": "heartbeat"})
                beat_at = time.monotonic() + HEARTBEAT_S

    def _look_around(self) -> None:
        room = self._http.get(room_path(self._http, self._room or self._oldest()))
        self.room_id, self.room_name = str(room["id"]), str(room["name"])
        past = {name: self._past(name) for name in self._agents}
        with self.changed:
            self.notes.begin(room, past)
        self._begun = True

    def _past(self, agent: str) -> list[dict[str, Any]]:
        """What this agent has heard lately, when it was here before."""
        wanted = {"room": self.room_id, "limit": RECENT_MESSAGES, "as": agent}
        return list(self._http.get("/api/messages", **wanted)["messages"])

    def _oldest(self) -> str:
        rooms = self._http.get("/api/v1/rooms")["rooms"]
        if not rooms:
            raise RoomNotFound(room="")
        return str(min(rooms, key=lambda room: room["created_at"])["id"])

    def _join(self, socket: Socket) -> None:
        """Take the seats. Everything that happened before them has been heard then."""
        capable = [{"name": one.name, "capabilities": one.declared} for one in self._entries]
        socket.send({"type": "join", "agents": capable, "heartbeat_s": HEARTBEAT_S})
        wanted = {name_key(name) for name in self._agents}
        for _second in range(int(JOIN_S / STEP_S)):
            frame = socket.receive(STEP_S)
            self._hear(frame)
            if frame is not None and frame.get("type") == "presence":
                seated, away = ({*map(name_key, frame.get(key, ()))} for key in ("members", "away"))
                if wanted <= seated and not wanted & away:
                    with self.changed:
                        self._socket = socket
                        self.changed.notify_all()
                    return
            if frame is not None and frame.get("type") == "error":
                raise relayed(frame)
            if self.stopping.is_set():
                raise AppNotRunning(address=self._http.address)
        raise AppNotRunning(address=self._http.address)

    def _hear(self, frame: Mapping[str, Any] | None) -> None:
        if frame is None:
            return
        if frame.get("type") == "error":
            self._report("refused", room=self.room_name, error=frame)
        with self.changed:
            self.notes.hear(frame)
            self.changed.notify_all()

    def _wait(self, error: WorkbenchError) -> None:
        if self.stopping.is_set():
            return
        seconds = self._backoff.next_s()
        self._report("away", room=self.room_name, seconds=round(seconds, 1), error=error.as_dict())
        self.stopping.wait(seconds)
