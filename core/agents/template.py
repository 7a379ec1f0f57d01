"""Templates by name: bundled ones in config/templates, the user's in the data folder.

A user's template stands before a bundled one of the same name. One that is broken, unknown or
runs too long never costs an answer: the bundled one of that name is used, else the default.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import FileInvalid
from core.text import N_, words

if TYPE_CHECKING:
    from core.agents.sandbox import Sandbox, Source

STARTER_TEMPLATE = "starter"
DEFAULT_TEMPLATE = "default"
# Files that no agent can name: the starter's own, and those that others include.
NOT_ALONE = frozenset({STARTER_TEMPLATE, "person", "room"})
# What a template may print: all of them strings, "" for what an agent does not have.
VARIABLES = (
    "name", "description", "gender", "background", "body", "personality", "role", "tone",
    "language", "others", "user",
)  # fmt: skip

MAX_TEMPLATE_BYTES = 16 * 1024
# A text longer than this is cut: a template that runs away fills no window.
MAX_CHARS = 64 * 1024
_NAME = re.compile(r"[\w-]{1,64}")

Found = tuple[str, int]  # a file's path, and when it was changed


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a template wrote; `template` is the one used, `trouble` why it is not the one asked."""

    text: str
    template: str
    trouble: FileInvalid | None = None


class Templates:
    """All templates of an installation; files are read again when they changed. Thread-safe."""

    def __init__(self, bundled: Path, user: Path | None = None) -> None:
        self._bundled, self._user = bundled, user
        self._lock = threading.Lock()
        self._sandboxes: tuple[Sandbox, Sandbox] | None = None

    def names(self) -> list[str]:
        """Every template that an agent can name."""
        folders = [folder for folder in (self._bundled, self._user) if folder is not None]
        found = {file.stem for folder in folders for file in folder.glob("*.j2")}
        return sorted(name for name in found - NOT_ALONE if _NAME.fullmatch(name))

    def render(self, name: str, values: Mapping[str, str]) -> Rendered:
        """The text of template `name`, or of one that takes its place. Never raises."""
        everyone, bundled = self._both()
        attempts = [
            (everyone, name),
            (bundled, name),
            (everyone, DEFAULT_TEMPLATE),
            (bundled, DEFAULT_TEMPLATE),
        ]
        trouble: FileInvalid | None = None
        for sandbox, wanted in attempts:
            try:
                return Rendered(_written(sandbox, wanted, values), wanted, trouble)
            except FileInvalid as error:
                trouble = trouble or error
        assert trouble is not None  # the bundled default is tested to work
        return Rendered(values["name"], DEFAULT_TEMPLATE, trouble)

    def errors(self) -> list[FileInvalid]:
        """What is wrong with templates that cannot be used, each with its line."""
        found = []
        for name in self.names():
            try:
                _written(self._both()[0], name, dict.fromkeys(VARIABLES, "x"))
            except FileInvalid as error:
                found.append(error)
        return found

    def _both(self) -> tuple[Sandbox, Sandbox]:
        """Two ways to look: the user's files first, and the bundled ones alone."""
        from core.agents.sandbox import Sandbox  # Jinja is not needed to start

        with self._lock:
            if self._sandboxes is None:
                first = Sandbox(self._load, VARIABLES)
                self._sandboxes = first, Sandbox(self._load_bundled, VARIABLES)
            return self._sandboxes

    def _load(self, file: str) -> Source | None:
        return _source(self._find, file)

    def _load_bundled(self, file: str) -> Source | None:
        return _source(lambda name: _stamped(self._bundled, name), file)

    def _find(self, file: str) -> Found | None:
        # The starter has learnt one text only; another one would be noise to it.
        own = None if self._user is None or file == f"{STARTER_TEMPLATE}.j2" else self._user
        return (own and _stamped(own, file)) or _stamped(self._bundled, file)


def _source(find: Callable[[str], Found | None], file: str) -> Source | None:
    found = find(file) if _NAME.fullmatch(file.removesuffix(".j2")) else None
    if found is None:
        return None
    path = Path(found[0])
    if path.stat().st_size > MAX_TEMPLATE_BYTES:
        limit = MAX_TEMPLATE_BYTES // 1024
        raise FileInvalid(
            file=path.name, line=1, detail=words(N_("larger than {limit} KB"), limit=limit)
        )
    return path.read_text(encoding="utf-8-sig"), str(path), lambda: find(file) == found


def _stamped(folder: Path, file: str) -> Found | None:
    path = os.path.join(folder, file)
    try:
        return path, os.stat(path).st_mtime_ns
    except OSError:
        return None


def _written(sandbox: Sandbox, name: str, values: Mapping[str, str]) -> str:
    """
    Raises:
        FileInvalid: the template is not there, or not to be used as it is.
    """
    file = f"{name[:64]}.j2"
    written: list[str] = []
    left = MAX_CHARS
    try:
        for piece in sandbox.pieces(file, values):
            written.append(piece[:left])
            left -= len(written[-1])
            if left == 0:
                break
    except FileInvalid:
        raise
    except Exception as error:  # whatever a file of the user holds, an answer comes
        raise _invalid(file, error) from None
    return "".join(written).strip()


def _invalid(file: str, error: Exception) -> FileInvalid:
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    if isinstance(error, TemplateNotFound):
        return FileInvalid(file=file, line="-", detail=words(N_("there is no such template")))
    if isinstance(error, TemplateSyntaxError):
        return FileInvalid(file=file, line=error.lineno, detail=error.message or "Jinja")
    if isinstance(error, RecursionError | MemoryError | SyntaxError):
        return FileInvalid(file=file, line="-", detail=words(N_("it is nested too deeply")))
    return FileInvalid(file=file, line="-", detail=str(error)[:200] or type(error).__name__)
