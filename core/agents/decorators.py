"""The decorators of card spec v3: lines such as `@@depth 4` in front of a lorebook entry's text.

What is not known, or has a wrong value, is passed over, and its fallback (`@@@…`) is tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_LINE = re.compile(r"(@{2,3})([a-z_]+)(?:[ \t]+(.*))?", re.IGNORECASE)
_ROLES = ("assistant", "system", "user")
_POSITIONS = {"before_desc": "before_char", "after_desc": "after_char"}
MOST = 64


def split(content: str) -> tuple[dict[str, Any], str]:
    """The decorators that are understood, by name, and the text without any."""
    lines = content.lstrip("\n").split("\n")
    found: dict[str, Any] = {}
    settled = True  # whether a fallback has nothing to stand in for
    taken = 0
    for line in lines[:MOST]:
        match = _LINE.fullmatch(line.strip())
        if match is None and line.strip():
            break
        taken += 1
        if match is not None and not (match[1] == "@@@" and settled):
            settled = _take(found, match[2].lower(), (match[3] or "").strip())
    return found, "\n".join(lines[taken:]).strip("\n")


def _take(found: dict[str, Any], name: str, value: str) -> bool:
    read = _READ.get(name)
    if read is None:
        return False
    try:
        understood = read(value)
    except (KeyError, ValueError):
        return False
    found.setdefault(name, understood)
    return True


def _number(value: str) -> int:
    return max(0, min(int(value), 1_000_000))


def _role(value: str) -> str:
    if value.lower() not in _ROLES:
        raise ValueError(value)
    return value.lower()


def _words(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


_READ: dict[str, Callable[[str], Any]] = {
    "activate": lambda _value: True,
    "dont_activate": lambda _value: True,
    "ignore_on_max_context": lambda _value: True,
    "activate_only_after": _number,
    "activate_only_every": _number,
    "depth": _number,
    "scan_depth": _number,
    "is_greeting": _number,
    "role": _role,
    "position": lambda value: _POSITIONS[value.lower()],
    "additional_keys": _words,
    "exclude_keys": _words,
}
