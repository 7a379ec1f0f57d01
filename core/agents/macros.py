"""The macros of character cards: `{{char}}`, `{{user}}`, `{{random:a,b}}` and the usual others.

A replacer of its own, never Jinja: a card's text is data. What a macro becomes is not read
again, so neither a name nor a chosen word can bring another macro in; one pass, linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

_BRACES = re.compile(r"(\{\{(?!\{)|\}\})")
_ANGLES = re.compile(r"<(char|bot|user)>", re.IGNORECASE)
_COMMA = re.compile(r"(?<!\\),")
_DICE = re.compile(r"(?:(\d{0,3})d)?(\d{1,6})", re.IGNORECASE)
MAX_DICE = 100
MAX_DEPTH = 16  # macros inside macros; deeper ones stay as they are written


def replace(text: str, char: str, user: str, rng: Random | None = None) -> str:
    """`text` with its macros replaced; those that nobody knows stay as they are.

    `rng` draws for random and roll; without one every call with the same names and text draws
    the same, so that a prompt begins the same from turn to turn.
    """
    if "{{" not in text and "<" not in text:
        return text
    names = {"char": char, "bot": char, "user": user}
    drawn = rng or Random(f"{char}\n{user}\n{text}")
    return _Reader(names, drawn).read(text)


def hidden_keys(text: str) -> str:
    """What a lorebook's recursive scan reads of an entry: hidden keys shown, comments gone."""
    return _HIDDEN.sub(r"\1", _COMMENT.sub("", text)) if "{{" in text else text


_HIDDEN = re.compile(r"\{\{hidden_key:([^{}]*)\}\}", re.IGNORECASE)
_COMMENT = re.compile(r"\{\{(?://|comment:)[^{}]*\}\}", re.IGNORECASE)


class _Reader:
    """Reads braces as a stack: the innermost macro becomes text before the one around it."""

    def __init__(self, names: dict[str, str], rng: Random) -> None:
        self._names, self._rng = names, rng

    def read(self, text: str) -> str:
        open_: list[list[str]] = [[]]
        for token in _BRACES.split(text):
            if token == "{{" and len(open_) <= MAX_DEPTH:
                open_.append([])
            elif token == "}}" and len(open_) > 1:
                inside = "".join(open_.pop())
                open_[-1].append(self._macro(inside))
            else:
                open_[-1].append(_ANGLES.sub(self._angle, token))
        while len(open_) > 1:  # never closed: text like any other
            rest = "".join(open_.pop())
            open_[-1].append("{{" + rest)
        return "".join(open_[0])

    def _angle(self, found: re.Match[str]) -> str:
        return self._names[found[1].lower()]

    def _macro(self, inside: str) -> str:
        name = inside.strip().lower()
        if name in self._names:
            return self._names[name]
        if name.startswith("//"):
            return ""
        head, colon, given = inside.partition(":")
        known = _MACROS.get(head.strip().lower()) if colon else None
        found = known(given.removeprefix(":"), self._rng) if known else None
        return "{{" + inside + "}}" if found is None else found


def _choose(given: str, rng: Random) -> str:
    values = given.split("::") if "::" in given else _COMMA.split(given)
    return rng.choice(values).strip().replace("\\,", ",")


def _pick(given: str, _rng: Random) -> str:
    return _choose(given, Random(given))  # the same words, the same choice


def _roll(given: str, rng: Random) -> str | None:
    found = _DICE.fullmatch(given.strip())
    if found is None:
        return None
    dice, sides = int(found[1] or 1), int(found[2])
    if not 1 <= dice <= MAX_DICE or sides < 1:
        return None
    return str(sum(rng.randint(1, sides) for _die in range(dice)))


def _nothing(_given: str, _rng: Random) -> str:
    return ""


def _reverse(given: str, _rng: Random) -> str:
    return given.strip()[::-1]


_MACROS: dict[str, Callable[[str, Random], str | None]] = {
    "random": _choose,
    "pick": _pick,
    "roll": _roll,
    "hidden_key": _nothing,
    "comment": _nothing,
    "reverse": _reverse,
}
