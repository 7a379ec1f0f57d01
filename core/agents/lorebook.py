"""Lorebooks of character cards (v2 and v3): texts that enter the prompt when their keys are said.

Everything in a card is a stranger's: wrong types become the field's usual value, and nothing
here can take long. What the format leaves open is decided in docs/prompts.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.agents import decorators

MAX_ENTRIES = 2_000
MAX_KEYS = 100
MAX_CONTENT = 32_000

BEFORE, AFTER = "before_char", "after_char"
# How other programs number what their secondary keys must do.
ANY, NOT_ALL, NOT_ANY, ALL = range(4)
_AT_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One text and when it belongs into a prompt.

    `position` is before or after the character, "" when the card does not say; `depth` counts
    lines from the end of the talk and goes before `position`. `scan_depth` is the entry's own.
    `priority` decides what is dropped first (`None`: `insertion_order` does).
    """

    content: str
    keys: tuple[str, ...] = ()
    secondary_keys: tuple[str, ...] = ()
    name: str = ""
    enabled: bool = True
    constant: bool = False
    selective: bool = False
    logic: int = ANY
    use_regex: bool = False
    case_sensitive: bool = False
    insertion_order: float = 0
    priority: float | None = None
    position: str = ""
    depth: int | None = None
    role: str = "system"
    scan_depth: int | None = None
    decorators: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[bool, float]:
        """What has the lowest is dropped first."""
        kept = "ignore_on_max_context" not in self.decorators
        return kept, self.insertion_order if self.priority is None else self.priority


@dataclass(frozen=True, slots=True)
class Lorebook:
    """All entries of a card, and how they are looked for. `None`: the card does not say."""

    entries: tuple[Entry, ...] = ()
    scan_depth: int | None = None
    token_budget: int | None = None
    recursive_scanning: bool = False

    @classmethod
    def from_card(cls, book: Mapping[str, Any] | None) -> Lorebook:
        """The `character_book` of a card, or a lorebook of its own (`lorebook_v3`)."""
        if not isinstance(book, Mapping):
            return cls()
        if book.get("spec") == "lorebook_v3" and isinstance(book.get("data"), Mapping):
            book = book["data"]
        given = book.get("entries")
        if isinstance(given, Mapping):  # some programs number them
            given = list(given.values())
        given = given[:MAX_ENTRIES] if isinstance(given, list) else []
        found = [_entry(item) for item in given if isinstance(item, Mapping)]
        return cls(
            tuple(entry for entry in found if entry.content),
            _whole(book.get("scan_depth")),
            _whole(book.get("token_budget")),
            book.get("recursive_scanning") is True,
        )


def _entry(given: Mapping[str, Any]) -> Entry:
    marks, content = decorators.split(_text(given.get("content"))[:MAX_CONTENT])
    other = given.get("extensions")
    other = other if isinstance(other, Mapping) else {}
    position = given.get("position")
    at_depth = _whole(other.get("depth")) if other.get("position") == _AT_DEPTH else None
    return Entry(
        content=content,
        keys=_keys(given.get("keys")),
        secondary_keys=_keys(given.get("secondary_keys")),
        name=(_text(given.get("name")) or _text(given.get("comment")))[:80],
        enabled=given.get("enabled") is not False,
        constant=given.get("constant") is True,
        selective=given.get("selective") is True,
        logic=_logic(other.get("selectiveLogic")),
        use_regex=given.get("use_regex") is True,
        case_sensitive=given.get("case_sensitive") is True,
        insertion_order=_number(given.get("insertion_order")) or 0,
        priority=_number(given.get("priority")),
        position=marks.get("position") or (position if position in (BEFORE, AFTER) else ""),
        depth=marks.get("depth", at_depth) if "position" not in marks else None,
        role=marks.get("role", "system"),
        scan_depth=marks.get("scan_depth"),
        decorators=marks,
    )


def _text(value: Any) -> str:
    # JSON can hold half of a sign; no encoder takes it.
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _keys(value: Any) -> tuple[str, ...]:
    given = value.split(",") if isinstance(value, str) else value
    if not isinstance(given, list):
        return ()
    texts = (_text(key).strip() for key in given[:MAX_KEYS])
    return tuple(key for key in texts if key)


def _number(value: Any) -> float | None:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
    return value if fine else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None or number < 0 else int(number)


def _logic(value: Any) -> int:
    return value if isinstance(value, int) and value in (ANY, NOT_ALL, NOT_ANY, ALL) else ANY
