"""Agent files: Markdown with YAML front matter, bundled ones and the user's.

A file that breaks while the app runs keeps its last good version; the error is listed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from core.agents import disk, pictures, saving, versions
from core.agents.names import name_key
from core.agents.parsing import MAX_FILE_BYTES, parse
from core.agents.search import WAIT_S, Finder, Found
from core.agents.serialising import to_text
from core.agents.spec import SYSTEM, USER, Agent
from core.agents.versions import APP, FILE, RESTORE, History, Version
from core.agents.watch import Look, Watch
from core.embedding import Encoder
from core.errors import AgentNotFound, EncoderAway, FileInvalid
from core.store import Store

__all__ = ["Agents", "name_key", "parse"]

LOOK_AGAIN_S = 0.5  # a change of a file is seen after at most this


class Agents:
    """All agents of this installation; files are read again when they changed. Thread-safe.

    A user's agent stands before a bundled one of the same name. Nobody who reads ever waits for
    somebody who writes.
    """

    def __init__(self, folders: Mapping[str, Path], store: Store, encoder: Encoder) -> None:
        """`folders` maps "system" and "user" to their folders, the later one winning.

        `encoder` serves `search` and is closed with this.
        """
        self._folders = folders
        self._lock = threading.RLock()
        self._history = History(store)
        self._watch = Watch(folders, self._history.last_good)
        self._saving = saving.Saving(folders[USER], self._watch, self._history)
        self._finder = Finder(store, encoder)
        disk.sweep(folders[USER])
        self._now: Look | None = None
        self._looked_at = 0.0

    # --- reading ------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """The user's folder, where pictures and cards lie beside the files."""
        return self._folders[USER]

    def get(self, name: str) -> Agent:
        """The agent of this name (NFKC, case folded).

        Raises:
            AgentNotFound: there is none.
        """
        return _known(self._current(), name)

    def errors(self) -> list[FileInvalid]:
        """What is wrong with files that could not be read, each with line and reason."""
        return list(self._current().errors)

    def list(self) -> list[Agent]:
        """Every agent, by name."""
        return sorted(self._current().found.values(), key=lambda agent: agent.name.casefold())

    def text(self, name: str) -> tuple[str, str]:
        """The file's text as it is on the disk, broken or not, and its revision.

        Raises:
            AgentNotFound: there is none.
        """
        content = self._content(self.get(name))
        return content.decode("utf-8-sig", errors="replace"), saving.revision_of(content)

    def to_text(self, agent: Agent) -> str:
        """The text of a file for `agent`, which reads back as the same agent."""
        return to_text(agent)

    def free_name(self, name: str) -> str:
        """`name` when nobody is called so, else "name 2", "name 3", …"""
        return saving.free_name(name, partial(_of, self._current()))

    def search(self, text: str, limit: int = 10, *, wait_s: float = WAIT_S) -> Sequence[Found]:
        """The agents that fit `text` by meaning and by words, the best first, each with its why.

        `wait_s` is the longest wait for an encoder that is loading or has new agents to read;
        with 0, words alone are searched until it is ready. `search_problem` says why meanings
        cannot be searched.
        """
        return self._finder.search(text, self.list(), limit, wait_s)

    def search_problem(self) -> EncoderAway | None:
        """Why agents cannot be found by meaning; `None` when nothing is known against it."""
        return self._finder.problem

    def close(self) -> None:
        """End the encoder and what is being read for the search."""
        self._finder.close()

    # --- changing -----------------------------------------------------------------------------

    def save(self, agent: Agent, *, revision: str | None, source: str = APP) -> Agent:
        """Write the agent's file as a whole; the agent with its new revision.

        `revision` is that of the agent its editor saw, `None` for a new one. The file stays the
        same when the name changes; a bundled agent is copied into the user's folder.

        Raises:
            FileInvalid: a value is not acceptable; `params["field"]` names it.
            NameTaken: another agent has this name.
            AgentConflict: somebody else has changed the file meanwhile.
            StorageError: it could not be written.
        """
        with self._lock:
            look = self._look()
            old = None if revision is None else _by_file(look, agent) or _of(look, agent.name)
            return self._write(look, old, to_text(agent), revision, source)

    def save_text(self, name: str, text: str, *, revision: str | None, source: str = APP) -> Agent:
        """Like `save`, with the file's text; `name` is the agent's name before."""
        with self._lock:
            look = self._look()
            old = None if revision is None else _of(look, name)
            return self._write(look, old, text, revision, source)

    def duplicate(self, name: str, new_name: str | None = None) -> Agent:
        """A copy of the user's own, picture and card included, by default as "name 2"."""
        with self._lock:
            old = self.get(name)
            picture = self.avatar(name)
            copy = replace(old, name=new_name or self.free_name(name), avatar=None)
            new = self.save(copy, revision=None)
            return new if picture is None else self.set_avatar(new.name, picture)

    def delete(self, name: str, *, revision: str | None = None) -> None:
        """Remove the user's file. Its versions, picture and card stay: `restore` undoes it.

        Raises:
            AgentNotFound, AgentBundled, StorageError: nothing was removed.
            AgentConflict: the file is not what `revision` says.
        """
        with self._lock:
            self._saving.delete(_known(self._look(), name), revision)
            self._look()

    def set_avatar(self, name: str, data: bytes | None) -> Agent:
        """Keep a picture (PNG, JPEG, WebP or GIF) beside the file; `None` takes it away.

        Raises:
            FileUnusable: it is none of these, or larger than 4 MB.
        """
        with self._lock:
            look = self._look()
            agent = _known(look, name)
            text = to_text(replace(agent, avatar=self._saving.picture(agent, data)))
            return self._write(look, agent, text, agent.revision, APP)

    def avatar(self, name: str) -> bytes | None:
        """Its picture; `None` when it has none that can be read."""
        agent = self.get(name)
        if agent.avatar is None:
            return None
        # A bundled agent's picture stays where it is when the agent is edited.
        for source in (agent.source, SYSTEM):
            data = pictures.load(self._folders[source] / agent.avatar)
            if data is not None:
                return data
        return None

    # --- versions -----------------------------------------------------------------------------

    def versions(self, name: str) -> Sequence[Version]:
        """Every text that this agent's file has had, the newest first."""
        return self._history.all(name)

    def diff(self, name: str, old: int, new: int | None = None) -> str:
        """A unified diff between two versions; `None` stands for the file as it is now.

        Raises:
            NotFound: there is no such version.
        """
        later = self._history.one(name, new) if new is not None else self._version_now(name)
        return versions.difference(self._history.one(name, old), later)

    def restore(self, name: str, version: int) -> Agent:
        """Take an older text back, of a deleted agent too; what is there now stays a version.

        Raises:
            NotFound: there is no such version.
        """
        text = self._history.one(name, version).content
        with self._lock:
            look = self._look()
            old = _of(look, name)
            revision = None if old is None else saving.revision_of(self._content(old))
            return self._write(look, old, text, revision, RESTORE, formerly=name)

    def deleted(self) -> Sequence[str]:
        """The names of agents that are gone and can be restored."""
        gone = set(self._history.keys()) - self._current().found.keys()
        return [self._history.called(key) for key in sorted(gone)]

    # --- inside -------------------------------------------------------------------------------

    def _current(self) -> Look:
        now_there = self._now
        if now_there is not None and time.monotonic() - self._looked_at <= LOOK_AGAIN_S:
            return now_there
        # Whoever finds somebody else looking or writing takes what was there before.
        if self._lock.acquire(blocking=now_there is None):
            try:
                return self._look()
            finally:
                self._lock.release()
        assert now_there is not None
        return now_there

    def _look(self) -> Look:
        look = self._watch.look()
        if look.changed:
            self._history.seen(look.changed)
        self._now, self._looked_at = look, time.monotonic()
        return look

    def _write(
        self,
        look: Look,
        old: Agent | None,
        text: str,
        revision: str | None,
        source: str,
        formerly: str = "",
    ) -> Agent:
        edit = saving.Edit(old, text, revision, source, formerly)
        agent = self._saving.write(edit, partial(_of, look))
        self._look()
        return agent

    def _content(self, agent: Agent) -> bytes:
        try:
            return disk.read(self._watch.path(agent), MAX_FILE_BYTES, links=True)
        except OSError:
            raise AgentNotFound(agent=agent.name) from None

    def _version_now(self, name: str) -> Version:
        text, _revision = self.text(name)
        return Version(0, datetime.now(UTC), FILE, text)


def _of(look: Look, name: str) -> Agent | None:
    return look.found.get(name_key(name))


def _known(look: Look, name: str) -> Agent:
    found = _of(look, name)
    if found is None:
        raise AgentNotFound(agent=name)
    return found


def _by_file(look: Look, agent: Agent) -> Agent | None:
    place = (agent.source, agent.file)
    return next((one for one in look.found.values() if (one.source, one.file) == place), None)
