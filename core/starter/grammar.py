"""A small phrase grammar: `(a|b|)` picks one, `<list>` draws from a word list.

`{left~right}` chooses by register (Japanese です・ます left, plain right), and
`{slot}` stays in the text for :func:`fill`. One line of wording thus stands for
hundreds of sentences, and the count of them is known without listing them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Protocol, TypeAlias

Lexicon: TypeAlias = Mapping[str, Sequence[str]]

_SLOT = re.compile(r"\{(\w+)\}")
_REGISTER = re.compile(r"\{([^{}~]*)~([^{}]*)\}")
_SPECIAL = "(|)<"


class Node(Protocol):
    """A piece of a phrase."""

    def sample(self, rng: random.Random, lexicon: Lexicon) -> str:
        """Draw one expansion."""

    def count(self, lexicon: Lexicon) -> int:
        """Number of expansions, an upper bound when two of them read alike."""


class Text:
    """Fixed characters."""

    def __init__(self, text: str) -> None:
        self.text = text

    def sample(self, rng: random.Random, lexicon: Lexicon) -> str:  # noqa: ARG002
        """Give the characters."""
        return self.text

    def count(self, lexicon: Lexicon) -> int:  # noqa: ARG002
        """Give one."""
        return 1


class Reference:
    """A draw from a named word list, whose entries may be phrases themselves."""

    def __init__(self, name: str) -> None:
        self.name = name

    def sample(self, rng: random.Random, lexicon: Lexicon) -> str:
        """Draw an entry and expand it; raises KeyError for an unknown list."""
        return parse(rng.choice(lexicon[self.name])).sample(rng, lexicon)

    def count(self, lexicon: Lexicon) -> int:
        """Sum over the entries."""
        return sum(parse(entry).count(lexicon) for entry in lexicon[self.name])


class Choice:
    """One of several phrases, each as likely."""

    def __init__(self, options: list[Node]) -> None:
        self.options = options

    def sample(self, rng: random.Random, lexicon: Lexicon) -> str:
        """Draw an option and expand it."""
        return rng.choice(self.options).sample(rng, lexicon)

    def count(self, lexicon: Lexicon) -> int:
        """Sum over the options."""
        return sum(option.count(lexicon) for option in self.options)


class Sequence_:
    """Phrases one after another."""

    def __init__(self, parts: list[Node]) -> None:
        self.parts = parts

    def sample(self, rng: random.Random, lexicon: Lexicon) -> str:
        """Expand every part."""
        return "".join(part.sample(rng, lexicon) for part in self.parts)

    def count(self, lexicon: Lexicon) -> int:
        """Multiply over the parts."""
        total = 1
        for part in self.parts:
            total *= part.count(lexicon)
        return total


@cache
def parse(phrase: str) -> Node:
    """Read a phrase; raises ValueError when its brackets do not match."""
    node, end = _options(phrase, 0)
    if end != len(phrase):
        raise ValueError(f"unbalanced bracket at {end} in {phrase!r}")
    return node


def _options(phrase: str, at: int) -> tuple[Node, int]:
    options: list[Node] = []
    while True:
        node, at = _sequence(phrase, at)
        options.append(node)
        if at >= len(phrase) or phrase[at] != "|":
            return (options[0] if len(options) == 1 else Choice(options)), at
        at += 1


def _sequence(phrase: str, at: int) -> tuple[Node, int]:
    parts: list[Node] = []
    while at < len(phrase) and phrase[at] not in "|)":
        part, at = _part(phrase, at)
        parts.append(part)
    return (parts[0] if len(parts) == 1 else Sequence_(parts)), at


def _part(phrase: str, at: int) -> tuple[Node, int]:
    if phrase[at] == "(":
        node, end = _options(phrase, at + 1)
        if end >= len(phrase) or phrase[end] != ")":
            raise ValueError(f"bracket opened at {at} is never closed in {phrase!r}")
        return node, end + 1
    if phrase[at] == "<":
        end = phrase.index(">", at)
        return Reference(phrase[at + 1 : end]), end + 1
    end = at
    while end < len(phrase) and phrase[end] not in _SPECIAL:
        end += 1
    return Text(phrase[at:end]), end


def expand(phrase: str, rng: random.Random, lexicon: Lexicon) -> str:
    """Draw one sentence from a phrase; `{slot}` marks stay in it."""
    return parse(phrase).sample(rng, lexicon)


def register(text: str, *, plain: bool) -> str:
    """Settle every `{polite~plain}` pair."""
    return _REGISTER.sub(lambda match: match[2 if plain else 1], text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into `{slot}` marks; raises KeyError for a slot without value."""
    return _SLOT.sub(lambda match: values[match[1]], text)
