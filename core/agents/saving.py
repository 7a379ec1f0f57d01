"""Changing agents: every write knows what its editor saw, so none is silently overwritten.

Written in this order: the versions, then the file. A kill in between leaves a version too many,
never one too few.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.agents import disk, pictures
from core.agents.names import name_key, stem_of
from core.agents.parsing import MAX_FILE_BYTES, parse
from core.agents.serialising import to_text
from core.agents.spec import SYSTEM, USER, Agent
from core.agents.versions import APP, FILE, History
from core.agents.watch import Watch
from core.errors import AgentBundled, AgentConflict, InvalidInput, NameTaken
from core.text import N_, words

Find = Callable[[str], Agent | None]


class Saving:
    """Writes files of the user's folder. Not thread-safe: `Agents` holds a lock."""

    def __init__(self, folder: Path, watch: Watch, history: History) -> None:
        self._folder = folder
        self._watch = watch
        self._history = history

    def text(
        self, old: Agent | None, text: str, *, revision: str | None, source: str, find: Find
    ) -> Agent:
        """Write `text` as the file of `old`, or as a new one; the agent as it was read back.

        Raises:
            FileInvalid: the text is no agent.
            NameTaken: another agent has its name.
            AgentConflict: the file is not what its editor saw.
            StorageError: it could not be written.
        """
        content = _encoded(text)
        new = parse(content, old.file if old else "…")
        before = self._checked(old, revision, new.name)
        other = find(new.name)
        if other is not None and (revision is None or other is not old):
            raise NameTaken(name=new.name)
        path = self._place(old, new.name)
        if before != content or old is None or old.source == SYSTEM:
            self._keep(old, before, new.name, text, source)
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
        self._keep(agent, before, agent.name)
        disk.remove(self._watch.path(agent))

    def picture(self, agent: Agent, data: bytes | None, find: Find) -> Agent:
        """Put a picture beside the file and name it there; `None` takes it away.

        Raises:
            FileUnusable: it is no picture, or too large.
        """
        self._checked(agent, agent.revision, agent.name)
        name = None
        if data is not None:
            place = self._place(agent, agent.name)
            name = f"{place.stem}.avatar{pictures.ending(data)}"
            disk.write(self._folder / name, data)
        text = to_text(replace(agent, avatar=name))
        return self.text(agent, text, revision=agent.revision, source=APP, find=find)

    def _checked(self, old: Agent | None, revision: str | None, name: str) -> bytes | None:
        """What stands in the file that is about to be replaced, when its editor has seen it."""
        if revision is None:
            return None
        before = self._on_disk(old) if old is not None else None
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
        names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
        return next(
            path
            for path in (self._folder / f"{name}.md" for name in names)
            if not path.exists() and not path.is_symlink()
        )

    def _keep(
        self, old: Agent | None, before: bytes | None, name: str, text: str = "", source: str = APP
    ) -> None:
        texts = []
        if before is not None and (readable := _decoded(before)) is not None:
            texts.append((readable, FILE))
        if text:
            texts.append((text, source))
        renamed = old is not None and old.source == USER and name_key(old.name) != name_key(name)
        self._history.keep(name, texts, formerly=old.name if old and renamed else "")


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


def _decoded(content: bytes) -> str | None:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def revision_of(content: bytes | None) -> str:
    """What a file with this content is known by; "" when there is no file."""
    return "" if content is None else hashlib.sha256(content).hexdigest()
