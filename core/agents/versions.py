"""Every text that an agent's file has had, kept in the database.

A version is kept when the app saves, and when a file that was changed outside is seen. Versions
outlive their file, so that a deletion can be undone.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, insert, select, update

from core.agents import disk
from core.agents.names import name_key
from core.agents.parsing import MAX_FILE_BYTES, parse
from core.agents.spec import Agent
from core.errors import FileInvalid, NotFound, StorageError
from core.store import Store
from core.store.tables import agent_versions as t
from core.store.times import from_text, now

APP, FILE, IMPORT, RESTORE = "app", "file", "import", "restore"
"""Where a version came from: saved here, changed outside, imported, taken back."""
_NAME_LINE = re.compile(r"^name:[ \t]*(.+?)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Version:
    """One text of an agent's file; `version` counts 1, 2, 3, … and `saved_at` has its zone."""

    version: int
    saved_at: datetime
    source: str
    content: str


class History:
    """The versions of all agents. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, name: str) -> list[Version]:
        """Every version of this name, the newest first; empty when there is none."""
        query = select(t).where(t.c.name_key == name_key(name)).order_by(t.c.version.desc())
        with self._store.read() as conn:
            rows = conn.execute(query).all()
        return [Version(r.version, from_text(r.saved_at), r.source, r.content) for r in rows]

    def one(self, name: str, version: int) -> Version:
        """One of them.

        Raises:
            NotFound: there is no such version.
        """
        for found in self.all(name):
            if found.version == version:
                return found
        raise NotFound(what=f"{name} {version}")

    def keys(self) -> list[str]:
        """The keys of all names that have versions."""
        with self._store.read() as conn:
            return list(conn.scalars(select(t.c.name_key).distinct()))

    def called(self, key: str) -> str:
        """The name in the newest version, as it was written."""
        found = _readable(self.all(key))
        return found.name if found is not None else key

    def last_good(self, path: Path) -> Agent | None:
        """What a user's file that is broken when first seen held before, by the name in it."""
        try:
            text = disk.read(path, MAX_FILE_BYTES, links=True).decode("utf-8-sig", "replace")
        except OSError:
            return None
        name = _NAME_LINE.search(text)
        if name is None:
            return None
        found = _readable(self.all(name[1].strip("'\"")))
        return None if found is None else replace(found, file=path.name)

    def keep(self, name: str, texts: Iterable[tuple[str, str]], *, formerly: str = "") -> None:
        """Store (text, source) pairs, oldest first; one that equals the newest is not repeated.

        `formerly`: the agent's name before, whose versions then come along.

        Raises:
            StorageError: nothing was stored.
        """
        key, old = name_key(name), name_key(formerly or name)
        pairs = list(texts)

        def work(conn: Connection) -> None:
            if old != key:
                _move(conn, old, key)
            for text, source in pairs:
                _append(conn, key, text, source)

        self._store.write(work)

    def seen(self, changed: Sequence[tuple[Agent, str]]) -> None:
        """Store texts that were changed outside, without waiting for it."""

        def work(conn: Connection) -> None:
            known = _newest(conn)
            rows = []
            for agent, text in changed:
                key = name_key(agent.name)
                version, content = known.get(key, (0, None))
                if content != text:
                    rows.append(_row(key, version + 1, text, FILE))
            if rows:
                conn.execute(insert(t), rows)

        with suppress(StorageError):  # closing; the next start sees the same
            self._store.submit(work)


def difference(old: Version, new: Version) -> str:
    """A unified diff from one version to another; "" when they are equal."""
    lines = difflib.unified_diff(
        old.content.splitlines(),
        new.content.splitlines(),
        f"version {old.version}",
        f"version {new.version}",
        lineterm="",
    )
    return "\n".join(lines)


def _readable(found: Iterable[Version]) -> Agent | None:
    for version in found:
        with suppress(FileInvalid):
            return parse(version.content.encode(), "")
    return None


def _append(conn: Connection, key: str, text: str, source: str) -> None:
    newest = conn.execute(
        select(t.c.version, t.c.content)
        .where(t.c.name_key == key)
        .order_by(t.c.version.desc())
        .limit(1)
    ).first()
    if newest is None or newest.content != text:
        conn.execute(insert(t), _row(key, newest.version + 1 if newest else 1, text, source))


def _row(key: str, version: int, text: str, source: str) -> dict[str, object]:
    return {
        "name_key": key,
        "version": version,
        "content": text,
        "saved_at": now(),
        "source": source,
    }


def _newest(conn: Connection) -> dict[str, tuple[int, str]]:
    last = select(t.c.name_key, func.max(t.c.version).label("version")).group_by(t.c.name_key)
    newest = last.subquery()
    same = (t.c.name_key == newest.c.name_key) & (t.c.version == newest.c.version)
    rows = conn.execute(select(t.c.name_key, t.c.version, t.c.content).join(newest, same))
    return {row.name_key: (row.version, row.content) for row in rows}


def _move(conn: Connection, old: str, new: str) -> None:
    """Put the versions of one name behind those of another."""
    before = conn.scalar(select(func.max(t.c.version)).where(t.c.name_key == new)) or 0
    moved = {"name_key": new, "version": t.c.version + before}
    conn.execute(update(t).where(t.c.name_key == old).values(moved))
