"""Agent files: Markdown with YAML front matter, bundled ones and the user's.

A file that breaks while the app runs keeps its last good version; the error is listed.
"""

from __future__ import annotations

import threading
import time
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from core.agents.spec import Agent
from core.errors import AgentNotFound, FileInvalid
from core.text import N_, words

MAX_FILE_BYTES = 256 * 1024
MAX_NAME = 80
LOOK_AGAIN_S = 0.5  # a change of a file is seen after at most this

_TEXTS = ("name", "description", "gender", "background", "model", "adapter", "template")
_LISTS = ("personalities", "roles", "tones", "skills", "tools")
_MAPPINGS = ("introduction", "options")


class Agents:
    """All agents of this installation; files are read again when they changed.

    A user's agent stands before a bundled one of the same name.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        """`folders` maps a source ("system", "user") to its folder, the later one winning."""
        self._folders = folders
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[int, Agent]] = {}
        self._errors: dict[Path, FileInvalid] = {}
        self._found: dict[str, Agent] = {}
        self._looked_at = -LOOK_AGAIN_S

    def get(self, name: str) -> Agent:
        """The agent of this name (NFKC, case folded).

        Raises:
            AgentNotFound: there is none.
        """
        found = self._by_key().get(name_key(name))
        if found is None:
            raise AgentNotFound(agent=name)
        return found

    def errors(self) -> list[FileInvalid]:
        """What is wrong with files that could not be read, each with line and reason."""
        self._by_key()
        return list(self._errors.values())

    def list(self) -> list[Agent]:
        """Every agent, by name."""
        return sorted(self._by_key().values(), key=lambda agent: agent.name.casefold())

    def _by_key(self) -> dict[str, Agent]:
        with self._lock:
            if time.monotonic() - self._looked_at > LOOK_AGAIN_S:
                self._found = self._look()
                self._looked_at = time.monotonic()
            return self._found

    def _look(self) -> dict[str, Agent]:
        found: dict[str, Agent] = {}
        for source, folder in self._folders.items():
            for path in sorted(folder.glob("*.md")):
                agent = self._read(path, source)
                if agent is not None:
                    found[name_key(agent.name)] = agent
        return found

    def _read(self, path: Path, source: str) -> Agent | None:
        known = self._known.get(path)
        try:
            stamp = path.stat().st_mtime_ns
            if known is not None and known[0] == stamp:
                return known[1]
            agent = parse(path.read_bytes(), path.name, source)
        except FileInvalid as error:
            self._errors[path] = error
            return known[1] if known else None
        except OSError as error:
            self._errors[path] = FileInvalid(file=path.name, line="-", detail=error.strerror)
            return known[1] if known else None
        self._known[path] = (stamp, agent)
        self._errors.pop(path, None)
        return agent


def name_key(name: str) -> str:
    """How names are compared: NFKC, case folded, outer blanks gone."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def parse(content: bytes, file: str, source: str = "user") -> Agent:
    """Read one agent file.

    Raises:
        FileInvalid: naming the line and what was expected there.
    """
    if len(content) > MAX_FILE_BYTES:
        raise FileInvalid(
            file=file,
            line=1,
            detail=words(N_("larger than {limit} KB"), limit=MAX_FILE_BYTES // 1024),
        )
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileInvalid(file=file, line=line, detail=words(N_("not UTF-8 text"))) from None
    head, body = _split(text, file)
    return Agent(body=body.strip(), source=source, **_fields(_load(head, file), file))


def _split(text: str, file: str) -> tuple[str, str]:
    if not text.startswith("---\n"):
        raise FileInvalid(
            file=file, line=1, detail=words(N_("expected “---” before the front matter"))
        )
    head, found, body = text[4:].partition("\n---")
    if not found:
        raise FileInvalid(
            file=file, line=1, detail=words(N_("the front matter has no closing “---”"))
        )
    return head, body.partition("\n")[2]


class _Loader(yaml.SafeLoader):
    """SafeLoader without aliases: a file of one kilobyte cannot grow into gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(
                problem="aliases are not used here", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)


def _load(head: str, file: str) -> dict[str, Any]:
    try:
        data = yaml.load(head, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 2
        raise FileInvalid(
            file=file, line=line, detail=error.problem or words(N_("not YAML"))
        ) from None
    except (yaml.YAMLError, RecursionError):
        raise FileInvalid(file=file, line=2, detail=words(N_("not YAML"))) from None
    if not isinstance(data, dict):
        raise FileInvalid(file=file, line=2, detail=words(N_("expected “name: …” lines")))
    return data


def _fields(data: dict[str, Any], file: str) -> dict[str, Any]:
    known = (*_TEXTS, *_LISTS, *_MAPPINGS)
    for key in data:
        if key not in known:
            detail = words(
                N_("unknown field “{key}”; expected {known}"), key=key, known=", ".join(known)
            )
            raise FileInvalid(file=file, line=2, detail=detail)
    fields: dict[str, Any] = {key: _text(data[key], key, file) for key in _TEXTS if key in data}
    fields |= {key: _list(data[key], key, file) for key in _LISTS if key in data}
    fields |= {key: _mapping(data[key], key, file) for key in _MAPPINGS if key in data}
    name = fields.get("name", "").strip()
    if not name or len(name) > MAX_NAME or any(ord(letter) < 32 for letter in name):
        raise FileInvalid(
            file=file,
            line=2,
            detail=words(N_("name: expected 1 to {limit} characters"), limit=MAX_NAME),
        )
    return {**fields, "name": name}


def _text(value: Any, key: str, file: str) -> str:
    if not isinstance(value, str | int | float):
        raise FileInvalid(file=file, line=2, detail=words(N_("{key}: expected text"), key=key))
    return str(value)


def _list(value: Any, key: str, file: str) -> tuple[str, ...]:
    items: Iterable[Any] = value if isinstance(value, list) else [value]
    return tuple(_text(item, key, file) for item in items)


def _mapping(value: Any, key: str, file: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FileInvalid(
            file=file, line=2, detail=words(N_("{key}: expected “word: value” pairs"), key=key)
        )
    return {str(name): item for name, item in value.items()}
