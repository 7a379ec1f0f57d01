"""Which template an agent gets: rules in a file that people can read, the first match wins.

The user's copy in the data folder takes the bundled one's place. While a file is broken the last
good rules stay, and the error names file and line.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.agents.front import Front, Node
from core.agents.names import name_key
from core.agents.spec import Agent
from core.agents.template import DEFAULT_TEMPLATE, STARTER_TEMPLATE
from core.errors import FileInvalid
from core.providers.base import STARTER, base_of
from core.text import N_, words

# How a template was chosen when it was not by a rule of the file.
BY_AGENT, BY_STARTER, OTHERWISE = "agent", "starter", "otherwise"

MAX_FILE_BYTES = 64 * 1024
MAX_RULES = 200
_FIELDS = ("name", "roles", "personalities", "tones", "skills", "tools", "language")
_TEMPLATE = re.compile(r"[\w-]{1,64}")


@dataclass(frozen=True, slots=True)
class Choice:
    """The template for an agent, and the name of the rule that chose it."""

    template: str
    rule: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Fits when for every field one of its words stands in the agent's."""

    name: str
    template: str
    when: tuple[tuple[str, tuple[str, ...]], ...]

    def fits(self, agent: Agent) -> bool:
        return all(
            any(_stands_in(word, value) for word in wanted for value in _values(agent, field))
            for field, wanted in self.when
        )


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules of one file."""

    rules: tuple[Rule, ...]
    otherwise: str = DEFAULT_TEMPLATE

    def choose(self, agent: Agent) -> Choice:
        for rule in self.rules:
            if rule.fits(agent):
                return Choice(rule.template, rule.name)
        return Choice(self.otherwise, OTHERWISE)


class Rules:
    """The rules that count now; a file is read again when it changed. Thread-safe."""

    def __init__(self, bundled: Path, user: Path | None = None) -> None:
        self._files = [file for file in (user, bundled) if file is not None]
        self._lock = threading.Lock()
        self._stamp: tuple[Path, int, int] | None = None
        self._book: RuleBook | None = None
        self._error: FileInvalid | None = None

    def choose(self, agent: Agent, model: str = "") -> Choice:
        """The template of `agent`: the starter's for the starter, its own, else by the rules.

        "default" is what an agent has whose file names none, so it is for the rules to decide.
        """
        if base_of(model) == STARTER:
            return Choice(STARTER_TEMPLATE, BY_STARTER)
        if agent.template not in ("", DEFAULT_TEMPLATE):
            return Choice(agent.template, BY_AGENT)
        return self._current().choose(agent)

    def error(self) -> FileInvalid | None:
        """What is wrong with the file; until it is corrected the last good rules count."""
        self._current()
        return self._error

    def _current(self) -> RuleBook:
        with self._lock:
            stamp = next(filter(None, map(_stamp, self._files)), None)
            if stamp != self._stamp or self._book is None:
                self._stamp = stamp
                self._read(stamp[0] if stamp else None)
            return self._book or RuleBook(())

    def _read(self, file: Path | None) -> None:
        try:
            if file is not None:
                self._book = read_rules(file)
            self._error = None
        except FileInvalid as error:
            self._error = error
            if self._book is None and file != self._files[-1]:
                self._book = read_rules(self._files[-1])


def read_rules(file: Path) -> RuleBook:
    """
    Raises:
        FileInvalid: naming the line and what was expected there.
    """
    try:
        content = file.read_bytes()
        text = content[: MAX_FILE_BYTES + 1].decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise FileInvalid(file=file.name, line=1, detail=words(N_("not UTF-8 text"))) from None
    if len(content) > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // 1024
        raise FileInvalid(
            file=file.name, line=1, detail=words(N_("larger than {limit} KB"), limit=limit)
        )
    return _Reader(Front(text, file.name, first_line=1)).book()


class _Reader:
    """From the nodes of a file to rules."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def book(self) -> RuleBook:
        fields = dict(self._front.fields)
        given = fields.pop("rules", None)
        otherwise = fields.pop("otherwise", None)
        for key, node in fields.items():
            raise self._unknown(node, key, ("rules", "otherwise"))
        rules = tuple(self._rules(given)) if given and not given.empty else ()
        return RuleBook(rules, self._template(otherwise) if otherwise else DEFAULT_TEMPLATE)

    def _rules(self, given: Node) -> Iterator[Rule]:
        if not isinstance(given.value, list):
            raise self._front.refuse(given.line, words(N_("expected a list of rules")))
        if len(given.value) > MAX_RULES:
            detail = words(N_("more than {limit} rules"), limit=MAX_RULES)
            raise self._front.refuse(given.line, detail)
        for node in given.value:
            yield self._rule(node)

    def _rule(self, node: Node) -> Rule:
        fields = self._mapping(node, ("name", "when", "template"))
        for key in ("name", "when", "template"):
            if key not in fields:
                raise self._front.refuse(node.line, words(N_("“{key}” is missing"), key=key))
        name = self._text(fields["name"])
        if name in (BY_AGENT, BY_STARTER, OTHERWISE):
            detail = words(N_("“{name}” is no name for a rule"), name=name)
            raise self._front.refuse(fields["name"].line, detail)
        when = self._mapping(fields["when"], _FIELDS)
        if not when:
            raise self._front.refuse(fields["when"].line, words(N_("“{key}” is empty"), key="when"))
        wanted = tuple((field, self._words(found)) for field, found in when.items())
        return Rule(name, self._template(fields["template"]), wanted)

    def _mapping(self, node: Node, known: tuple[str, ...]) -> dict[str, Node]:
        if not isinstance(node.value, dict):
            raise self._front.refuse(node.line, words(N_("expected “name: …” lines")))
        for key, found in node.value.items():
            if key not in known:
                raise self._unknown(found, key, known)
        return node.value

    def _unknown(self, node: Node, key: str, known: tuple[str, ...]) -> FileInvalid:
        detail = words(
            N_("unknown field “{key}”; expected {known}"), key=key, known=", ".join(known)
        )
        return self._front.refuse(node.line, detail, key)

    def _words(self, node: Node) -> tuple[str, ...]:
        items = node.value if isinstance(node.value, list) else [node]
        found = tuple(_plain(self._text(item)) for item in items)
        if not found:
            raise self._front.refuse(node.line, words(N_("expected a word, or a list of words")))
        return found

    def _template(self, node: Node) -> str:
        name = self._text(node)
        if not _TEMPLATE.fullmatch(name):
            detail = words(N_("“{name}” is no name for a template"), name=name[:40])
            raise self._front.refuse(node.line, detail)
        return name

    def _text(self, node: Node) -> str:
        if not isinstance(node.value, str) or not node.value.strip():
            raise self._front.refuse(node.line, words(N_("expected text")))
        return node.value.strip()


def _stamp(file: Path) -> tuple[Path, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return file, found.st_mtime_ns, found.st_size


def _values(agent: Agent, field: str) -> tuple[str, ...]:
    value: str | tuple[str, ...] = getattr(agent, field)
    return (value,) if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", name_key(text))


def _stands_in(word: str, value: str) -> bool:
    """Whole words where words are set apart; in Japanese, anywhere."""
    plain = _plain(value)
    return f" {word} " in f" {plain} " if word.isascii() else word in plain
