"""The agent files as they are now: a stat for each, read again when it changed.

A file that breaks while the app runs keeps its last good version; the error is listed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from core.agents import disk
from core.agents.names import hidden, name_key
from core.agents.parsing import MAX_FILE_BYTES, parse
from core.agents.spec import USER, Agent
from core.errors import FileInvalid
from core.text import N_, words

Stamp = tuple[int, int, int, int]
# Clocks of file systems tick every few milliseconds: a second change within one tick leaves the
# same stamp, so a file that has only just been changed is read once more.
TICK_NS = 50_000_000
_UNSETTLED: Stamp = (0, 0, 0, 0)


@dataclass(slots=True)
class _Seen:
    """What one file held at `stamp`; both agent and error when a good file broke."""

    stamp: Stamp
    agent: Agent | None = None
    error: FileInvalid | None = None


@dataclass(slots=True)
class Look:
    """All agents by key, what is wrong, and the user's files that are new or have changed."""

    found: dict[str, Agent] = field(default_factory=dict)
    errors: list[FileInvalid] = field(default_factory=list)
    changed: list[tuple[Agent, str]] = field(default_factory=list)


class Watch:
    """Looks into the folders. Not thread-safe: `Agents` holds a lock."""

    def __init__(
        self, folders: Mapping[str, Path], last_good: Callable[[Path], Agent | None]
    ) -> None:
        """`last_good` is asked for a file that is broken when it is first seen."""
        self._folders = folders
        self._last_good = last_good
        self._seen: dict[Path, _Seen] = {}

    def path(self, agent: Agent) -> Path:
        """Where the agent's file lies."""
        return self._folders[agent.source] / agent.file

    def look(self) -> Look:
        """Look at every file; only what changed is read."""
        look, there = Look(), {}
        for source, folder in self._folders.items():
            own: dict[str, Agent] = {}
            for path, stamp in _files(folder):
                seen = self._seen.get(path)
                if seen is None or seen.stamp != stamp:
                    seen = self._read(path, source, stamp, seen, look)
                there[path] = seen
                if seen.error is not None:
                    look.errors.append(seen.error)
                if seen.agent is not None:
                    _add(seen.agent, own, look)
            look.found |= own
        self._seen = there
        return look

    def _read(
        self, path: Path, source: str, stamp: Stamp, before: _Seen | None, look: Look
    ) -> _Seen:
        try:
            content = disk.read(path, MAX_FILE_BYTES, links=True)
            agent = (parse if source == USER else _bundled)(content, path.name, source)
        except FileInvalid as error:
            kept = before.agent if before else self._last_good(path)
            return _Seen(stamp, kept, error)
        except OSError as error:
            broken = FileInvalid(file=path.name, line="-", detail=error.strerror, field="")
            return _Seen(stamp, before.agent if before else None, broken)
        if _fresh(stamp):
            stamp = _UNSETTLED
        if before is not None and before.agent == agent:
            return _Seen(stamp, before.agent)
        if source == USER:
            look.changed.append((agent, content.decode("utf-8-sig")))
        return _Seen(stamp, agent)


@lru_cache(maxsize=64)
def _bundled(content: bytes, file: str, source: str) -> Agent:
    """`parse`, once in a process for what is the same in every data folder."""
    return parse(content, file, source)


def _files(folder: Path) -> Iterator[tuple[Path, Stamp]]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".md"))
    except OSError:
        return
    for name in names:
        if hidden(name):
            continue
        path = folder / name
        try:
            found = path.stat()
        except OSError:
            continue
        yield path, (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


def _fresh(stamp: Stamp) -> bool:
    return 0 <= time.time_ns() - stamp[1] < TICK_NS


def _add(agent: Agent, own: dict[str, Agent], look: Look) -> None:
    first = own.setdefault(name_key(agent.name), agent)
    if first is not agent:
        detail = words(N_("name: {file} has this name already"), file=first.file)
        look.errors.append(FileInvalid(file=agent.file, line=2, detail=detail, field="name"))
