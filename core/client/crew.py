"""All outside agents of one agents.yml, from the first join to the last goodbye."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from core.client.agents_file import AgentsFile, Common, Entry, load_agents
from core.client.http import Http
from core.client.link import Link, Report
from core.client.speaker import Speaker
from core.client.voice import Voice
from core.errors import ConfigInvalid, WorkbenchError
from core.providers.registry import Registry
from core.settings import Settings

LOOK_S = 1.0
END_S = 5.0

RoomPlan = tuple[tuple[Entry, ...], Common]


class RoomCrew:
    """The agents of one room: a thread for the connection, and one for each agent."""

    def __init__(
        self,
        room: str | None,
        plan: RoomPlan,
        http: Http,
        registry: Registry,
        settings: Settings,
        report: Report,
    ) -> None:
        entries, common = plan
        self.plan = plan
        self.link = Link(http, room, entries, report)
        speakers = [
            Speaker(
                entry.name,
                Voice(entry, registry, settings),
                self.link,
                report,
                history_limit=common.chat_history_limit,
                delay_s=common.response_delay_ms / 1000,
            )
            for entry in entries
        ]
        work: list[Callable[[], None]] = [self.link.run, *(speaker.run for speaker in speakers)]
        self._threads = [threading.Thread(target=each, daemon=True) for each in work]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Say goodbye; what is being said stays in the room as far as it got."""
        self.link.stop()
        for thread in self._threads:
            thread.join(END_S)


class Crew:
    """Everybody in the file. A changed file counts at once; a broken one changes nothing."""

    def __init__(
        self, file: Path, http: Http, registry: Registry, settings: Settings, report: Report
    ) -> None:
        """
        Raises:
            ConfigInvalid: the file, with line, field, expected and found.
        """
        self._file, self._http = file, http
        self._registry, self._settings, self._report = registry, settings, report
        self._stamp = _stamp(file)
        self._loaded = load_agents(file)
        self._rooms: dict[str | None, RoomCrew] = {}

    def run(self, ended: threading.Event) -> None:
        """Work until `ended` is set.

        Raises:
            WorkbenchError: no room is left, and why the first one went.
        """
        try:
            self._apply(self._loaded)
            while not ended.wait(LOOK_S):
                self._look_at_file()
                self._look_at_rooms()
        finally:
            for crew in self._rooms.values():
                crew.link.stop()
            for crew in self._rooms.values():
                crew.stop()

    def _look_at_file(self) -> None:
        stamp = _stamp(self._file)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            loaded = load_agents(self._file)
        except ConfigInvalid as error:
            self._report("kept", error=error.as_dict())
            return
        if loaded != self._loaded:
            self._apply(loaded)
            self._report("reloaded", file=str(self._file))

    def _look_at_rooms(self) -> None:
        failed = {room: crew for room, crew in self._rooms.items() if crew.link.failure}
        last: WorkbenchError | None = None
        for room, crew in failed.items():
            crew.stop()
            last = last or crew.link.failure
            del self._rooms[room]
            if self._rooms and crew.link.failure is not None:
                self._report("gone", room=room or "", error=crew.link.failure.as_dict())
        if last is not None and not self._rooms:
            raise last

    def _apply(self, loaded: AgentsFile) -> None:
        """Start what is new, end what is gone, leave alone what is the same."""
        wanted: dict[str | None, RoomPlan] = {
            room: (tuple(entries), loaded.common_settings)
            for room, entries in loaded.by_room().items()
        }
        for room, crew in list(self._rooms.items()):
            if wanted.get(room) != crew.plan:
                crew.stop()
                del self._rooms[room]
        for room, plan in wanted.items():
            if room not in self._rooms:
                crew = RoomCrew(
                    room, plan, self._http, self._registry, self._settings, self._report
                )
                self._rooms[room] = crew
                crew.start()
        self._loaded = loaded


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
