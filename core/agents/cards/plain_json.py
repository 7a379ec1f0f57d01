"""JSON from outside, read so that it comes back the same, and bounded in size and depth.

Refused with the line: a key given twice, NaN and Infinity, numbers that would be changed by
reading them, deep nesting. A lone surrogate (`"\\ud800"`) is kept as it is.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from core.agents.cards.faults import Said, at_most, invalid, line
from core.text import N_, words

MAX_JSON_BYTES = 8_000_000
MAX_VALUES = 300_000  # of all lists and objects together; a lorebook of 500 entries has 10,000
MAX_DEPTH = 64
MAX_DIGITS = 1_000

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONSTANTS = frozenset({"NaN", "Infinity", "-Infinity"})


class _Odd(Exception):
    """Valid for Python's reader, but not to be taken over; the place is looked up after."""


def read_json(content: bytes, file: str, place: str = "") -> dict[str, Any]:
    """Read one object; `place` names the part of `file` that it lies in.

    Raises:
        CardInvalid: naming the line, what was expected and what was found.
    """
    if len(content) > MAX_JSON_BYTES:
        raise invalid(file, place or "JSON", at_most(MAX_JSON_BYTES), words(N_("a larger one")))
    text = _text(content, file, place)
    if sum(map(text.count, "{[,")) > MAX_VALUES:
        expected = words(N_("at most {n} values"), n=MAX_VALUES)
        raise invalid(file, place or "JSON", expected, words(N_("more of them")))
    value = _parsed(text, file, place)
    if not isinstance(value, dict):
        found = words(N_("something else"))
        raise invalid(file, line(1, place), words(N_("one JSON object")), found)
    return value


def encode(value: Any, indent: int | None = None) -> bytes:
    """The same value as UTF-8; only lone surrogates are escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode("utf-8")


def _text(content: bytes, file: str, place: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        expected, found = words(N_("UTF-8 text")), words(N_("other bytes"))
        raise invalid(file, line(number, place), expected, found) from None


def _parsed(text: str, file: str, place: str) -> Any:
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refused,
            parse_int=_integer,
            parse_float=_number,
        )
        if _deeper_than(value, MAX_DEPTH):
            raise _Odd
    except json.JSONDecodeError as error:
        raise invalid(file, line(error.lineno, place), "JSON", error.msg) from None
    except (_Odd, RecursionError):
        number, expected, found = _first_oddity(text)
        raise invalid(file, line(number, place), expected, found) from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Odd
    return made


def _refused(_constant: str) -> NoReturn:
    raise _Odd


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _Odd
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if len(digits) > MAX_DIGITS or math.isinf(value):
        raise _Odd
    return value


def _deeper_than(value: Any, depth: int) -> bool:
    level = [value]
    while level and depth >= 0:
        depth -= 1
        level = [inner for outer in level for inner in _inside(outer)]
    return bool(level)


def _inside(value: Any) -> Iterator[Any]:
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (one for one in held if isinstance(one, dict | list))


def _first_oddity(text: str) -> tuple[int, Said, Said]:
    """(line, expected, found) of the first thing that is not taken over."""
    open_keys: list[set[str]] = []
    before = ""
    for token in _TOKEN.finditer(text):
        sign = token[0]
        said = _oddity(sign, before, open_keys)
        if said is not None:
            return text.count("\n", 0, token.start()) + 1, *said
        before = sign
    return 1, words(N_("plain JSON")), words(N_("something else"))


def _oddity(sign: str, before: str, open_keys: list[set[str]]) -> tuple[Said, Said] | None:
    if sign in "{[":
        open_keys.append(set())
        if len(open_keys) > MAX_DEPTH:
            return words(N_("at most {n} levels"), n=MAX_DEPTH), words(N_("deeper nesting"))
    elif sign in "}]":
        del open_keys[-1:]
    elif sign == ":" and open_keys:
        if before in open_keys[-1]:
            return words(N_("each key once")), words(N_("{key} twice"), key=before[:60])
        open_keys[-1].add(before)
    elif sign in _CONSTANTS or _is_beyond(sign):
        return words(N_("a number that JSON knows")), sign[:40]
    return None


def _is_beyond(sign: str) -> bool:
    if not sign.lstrip("-")[:1].isdigit():
        return False
    try:
        return len(sign) > MAX_DIGITS or math.isinf(float(sign))
    except ValueError:
        return False
