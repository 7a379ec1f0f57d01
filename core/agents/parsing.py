"""From the bytes of an agent's file to an `Agent`: every refusal names line and field."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from typing import Any

from core.agents.front import Front, Node, typed
from core.agents.names import MAX_NAME, good_name, plain_file
from core.agents.spec import LANGUAGES, MEMORY_SCOPES, USER, Agent
from core.errors import FileInvalid
from core.text import N_, Words, words

MAX_FILE_BYTES = 256 * 1024
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
CARDS = (".json",)
_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)


def parse(content: bytes, file: str, source: str = USER) -> Agent:
    """Read one agent file.

    Raises:
        FileInvalid: naming the line, the field and what was expected there.
    """
    if len(content) > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // 1024
        raise _refused(file, 1, words(N_("larger than {limit} KB"), limit=limit))
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _refused(file, line, words(N_("not UTF-8 text"))) from None
    head, body = _split(text, file)
    fields = _Fields(Front(head, file)).read()
    revision = hashlib.sha256(content).hexdigest()
    return Agent(**fields, body=body.strip(), source=source, file=file, revision=revision)


def _split(text: str, file: str) -> tuple[str, str]:
    if not text.startswith("---\n"):
        raise _refused(file, 1, words(N_("expected “---” before the front matter")))
    fence = _FENCE.search(text, 4)
    if fence is None:
        raise _refused(file, 1, words(N_("the front matter has no closing “---”")))
    return text[4 : fence.start()], text[fence.end() :]


def _refused(file: str, line: int, detail: Words) -> FileInvalid:
    return FileInvalid(file=file, line=line, detail=detail, field="")


class _Fields:
    """Reads each field of the front matter as what it is."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def read(self) -> dict[str, Any]:
        found = {}
        for key, node in self._front.fields.items():
            reader = _READERS.get(key)
            if reader is None:
                known = ", ".join(_READERS)
                detail = words(N_("unknown field “{key}”; expected {known}"), key=key, known=known)
                raise self._front.refuse(node.line, detail, key)
            if not node.empty:
                found[key] = reader(self, node, key)
        if "name" not in found:
            raise self._expected(2, "name", N_("{key}: expected 1 to {limit} characters"))
        return found

    def name(self, node: Node, key: str) -> str:
        name = self.text(node, key).strip()
        if not good_name(name):
            raise self._expected(node.line, key, N_("{key}: expected 1 to {limit} characters"))
        return name

    def text(self, node: Node, key: str) -> str:
        if not isinstance(node.value, str):
            raise self._expected(node.line, key, N_("{key}: expected text"))
        return node.value

    def texts(self, node: Node, key: str) -> tuple[str, ...]:
        items = node.value if isinstance(node.value, list) else [node]
        return tuple(self.text(item, key) for item in items)

    def lines(self, node: Node, key: str) -> dict[str, str]:
        return {name: self.text(item, key) for name, item in self._pairs(node, key).items()}

    def options(self, node: Node, key: str) -> dict[str, Any]:
        return {name: typed(item) for name, item in self._pairs(node, key).items()}

    def share(self, node: Node, key: str) -> float:
        try:
            value = float(self.text(node, key))
        except ValueError:
            value = math.nan
        if not 0 <= value <= 1:
            raise self._expected(node.line, key, N_("{key}: expected a number from 0 to 1"))
        return value

    def language(self, node: Node, key: str) -> str:
        return self._one_of(node, key, LANGUAGES)

    def memory(self, node: Node, key: str) -> str:
        return self._one_of(node, key, MEMORY_SCOPES)

    def picture(self, node: Node, key: str) -> str:
        return self._file(node, key, PICTURES)

    def card(self, node: Node, key: str) -> str:
        return self._file(node, key, CARDS)

    def _pairs(self, node: Node, key: str) -> dict[str, Node]:
        if not isinstance(node.value, dict):
            raise self._expected(node.line, key, N_("{key}: expected “word: value” pairs"))
        return node.value

    def _one_of(self, node: Node, key: str, known: tuple[str, ...]) -> str:
        value = self.text(node, key)
        if value not in known:
            choices = ", ".join(filter(None, known))
            detail = words(N_("{key}: expected one of {known}"), key=key, known=choices)
            raise self._front.refuse(node.line, detail, key)
        return value

    def _file(self, node: Node, key: str, endings: tuple[str, ...]) -> str:
        name = self.text(node, key)
        if not plain_file(name, endings):
            detail = words(
                N_("{key}: expected the name of a file beside this one ({known})"),
                key=key,
                known=", ".join(endings),
            )
            raise self._front.refuse(node.line, detail, key)
        return name

    def _expected(self, line: int, key: str, text: str) -> FileInvalid:
        return self._front.refuse(line, words(text, key=key, limit=MAX_NAME), key)


_READERS: dict[str, Callable[[_Fields, Node, str], Any]] = {
    "name": _Fields.name,
    "description": _Fields.text,
    "descriptions": _Fields.lines,
    "gender": _Fields.text,
    "background": _Fields.text,
    "personalities": _Fields.texts,
    "roles": _Fields.texts,
    "tones": _Fields.texts,
    "skills": _Fields.texts,
    "tools": _Fields.texts,
    "model": _Fields.text,
    "adapter": _Fields.text,
    "template": _Fields.text,
    "options": _Fields.options,
    "language": _Fields.language,
    "memory": _Fields.memory,
    "talkativeness": _Fields.share,
    "avatar": _Fields.picture,
    "card": _Fields.card,
    "introduction": _Fields.lines,
    "greetings": _Fields.texts,
    "examples": _Fields.text,
}
FIELDS = tuple(_READERS)
