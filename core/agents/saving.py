"""Changing agents: every write knows what its editor saw, so none is silently overwritten.

Written in this order: the versions, then the file. A kill in between leaves a version too many,
never one too few.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from core.agents import disk, pictures
from core.agents.names import stem_of
from core.agents.parsing import MAX_FILE_BYTES, parse
from core.agents.spec import SYSTEM, USER, Agent
from core.agents.versions import APP, FILE, History
from core.agents.watch import Watch
from core.errors import AgentBundled, AgentConflict, InvalidInput, NameTaken
from core.text import N_, words

Find = Callable[[str], Agent | None]


@dataclass(frozen=True, slots=True)
class Edit:
    """A text that is to become the file of `old`, or of a new agent.

    `revision` is that of the file its editor saw, `None` for a new one; `source` goes into the
    versions, and those of the name `formerly` come along.
    """

    old: Agent | None
    text: str
    revision: str | None
    source: str = APP
    formerly: str = ""


class Saving:
    """Writes files of the user's folder. Not thread-safe: `Agents` holds a lock."""

    def __init__(self, folder: Path, watch: Watch, history: History) -> None:
        self._folder = folder
        self._watch = watch
        self._history = history

    def write(self, edit: Edit, find: Find) -> Agent:
        """Carry out `edit`; the agent as it was read back.

        Raises:
            FileInvalid: the text is no agent.
            NameTaken: another agent has its name.
            AgentConflict: the file is not what its editor saw.
            StorageError: it could not be written.
        """
        old, content = edit.old, _encoded(edit.text)
        new = parse(content, old.file if old else "…")
        before = None if edit.revision is None else self._seen(old, edit.revision, new.name)
        other = find(new.name)
        if other is not None and (edit.revision is None or other is not old):
            raise NameTaken(name=new.name)
        path = self._place(old, new.name)
        if content != before or old is None or old.source == SYSTEM:
            texts = [*_version(before, FILE), (content.decode(), edit.source)]
            self._history.keep(new.name, texts, formerly=_formerly(edit))
            disk.write(path, content)
        return parse(content, path.name)

    def delete(self, agent: Agent, revision: str | None) -> None:
        """Remove the user's file; its versions stay.

        Raises:
            AgentBundled, AgentConflict, StorageError: nothing was removed.
        """
        if agent.source == SYSTEM:
            raise AgentBundled(agent=agent.name)
        before = self._on_disk(agent)
        if revision is not None and revision_of(before) != revision:
            raise AgentConflict(agent=agent.name)
        self._history.keep(agent.name, _version(before, FILE))
        disk.remove(self._watch.path(agent))

    def picture(self, agent: Agent, data: bytes | None) -> str | None:
        """Put a picture beside the agent's file and return its name; `None` for none.

        Raises:
            FileUnusable: it is no picture, or too large.
            AgentConflict: the file is broken or has just been changed.
        """
        self._seen(agent, agent.revision, agent.name)
        if data is None:
            return None
        name = f"{self._place(agent, agent.name).stem}.avatar{pictures.ending(data)}"
        disk.write(self._folder / name, data)
        return name

    def _seen(self, old: Agent | None, revision: str, name: str) -> bytes:
        """What stands in the file that is about to be replaced, when its editor has seen it."""
        before = None if old is None else self._on_disk(old)
        if before is None or revision_of(before) != revision:
            raise AgentConflict(agent=old.name if old else name)
        return before

    def _on_disk(self, agent: Agent) -> bytes | None:
        try:
            return disk.read(self._watch.path(agent), MAX_FILE_BYTES, links=True)
        except OSError:
            return None

    def _place(self, old: Agent | None, name: str) -> Path:
        if old is not None and old.source == USER:
            return self._folder / old.file
        stem = stem_of(name)
        stems = chain([stem], (f"{stem}-{number}" for number in count(2)))
        paths = (self._folder / f"{stem}.md" for stem in stems)
        return next(path for path in paths if not os.path.lexists(path))


def free_name(name: str, find: Find) -> str:
    """`name` when nobody is called so, else "name 2", "name 3", …"""
    if find(name) is None:
        return name
    for number in range(2, 10_000):
        ending = f" {number}"
        candidate = name.strip()[: 80 - len(ending)].rstrip() + ending
        if find(candidate) is None:
            return candidate
    raise NameTaken(name=name)


def _encoded(text: str) -> bytes:
    try:
        return text.replace("\r\n", "\n").encode()
    except UnicodeEncodeError:
        expected = words(N_("text"))
        found = words(N_("a sign that text cannot hold"))
        raise InvalidInput(field="text", expected=expected, found=found) from None


def _version(content: bytes | None, source: str) -> list[tuple[str, str]]:
    """What is kept of a file that goes: nothing of one that is no text."""
    if content is None:
        return []
    try:
        return [(content.decode("utf-8-sig"), source)]
    except UnicodeDecodeError:
        return []


def _formerly(edit: Edit) -> str:
    if edit.old is None:
        return edit.formerly
    return edit.old.name if edit.old.source == USER else ""


def revision_of(content: bytes | None) -> str:
    """What a file with this content is known by; "" when there is no file."""
    return "" if content is None else hashlib.sha256(content).hexdigest()
