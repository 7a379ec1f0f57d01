"""What a lorebook gives to one turn: texts around the character, and texts inside the talk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.agents.lore_scan import activate
from core.agents.lorebook import AFTER, BEFORE, Entry, Lorebook
from core.agents.macros import replace
from core.agents.names import name_key
from core.agents.window import Count, Heard
from core.text import N_, Words, words

# An entry that a key calls and that names no place stands right before the last line: in the
# system text it would change the prompt's beginning at every turn.
LATE_DEPTH = 1
MOST_NAMES = 8

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Insert:
    """A text inside the talk, `depth` lines before its end."""

    depth: int
    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Lore:
    """The entries of one turn. `reserve` is what the talk must leave free at every turn."""

    before: str = ""
    after: str = ""
    inserts: list[Insert] = field(default_factory=list)
    tokens: int = 0
    chars: int = 0
    reserve: int = 0
    note: Words | None = None


def lore_of(
    book: Lorebook,
    transcript: Sequence[Heard],
    *,
    char: str,
    user: str,
    budget: int,
    count: Count,
) -> Lore:
    """The entries that the talk calls up, their macros replaced, within `budget` tokens."""
    if not book.entries:
        return Lore()
    own = name_key(char)
    said = sum(name_key(line.sender) == own for line in transcript)
    texts = [f"{line.sender}: {line.content}" for line in transcript]
    found = activate(book, texts, token_budget=budget, count=count, said=said)
    placed = [(entry, replace(entry.content, char, user).strip()) for entry in found.entries]
    placed = [(entry, text) for entry, text in placed if text]
    everything = sum(count(entry.content) for entry in book.entries if entry.enabled)
    limit = budget if book.token_budget is None else min(budget, book.token_budget)
    return Lore(
        before=_joined(text for entry, text in placed if _place(entry) == BEFORE),
        after=_joined(text for entry, text in placed if _place(entry) == AFTER),
        inserts=[
            Insert(LATE_DEPTH if entry.depth is None else entry.depth, _role(entry), text)
            for entry, text in placed
            if _place(entry) == ""
        ],
        tokens=sum(count(text) for _entry, text in placed),
        chars=sum(len(text) for _entry, text in placed),
        reserve=min(limit, everything),
        note=_note(book, [entry for entry, _text in placed], found.dropped),
    )


def _place(entry: Entry) -> str:
    if entry.depth is not None:
        return ""
    return entry.position or (AFTER if entry.constant else "")


def _role(entry: Entry) -> Role:
    roles: dict[str, Role] = {"user": "user", "assistant": "assistant"}
    return roles.get(entry.role, "system")


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(texts)


def _note(book: Lorebook, used: Sequence[Entry], dropped: int) -> Words:
    names = [entry.name or (entry.keys[0] if entry.keys else "…") for entry in used[:MOST_NAMES]]
    listed = ", ".join(names) + (", …" if len(used) > MOST_NAMES else "")
    given = {"used": len(used), "all": len(book.entries), "names": listed or "–"}
    if dropped:
        return words(
            N_("{used} of {all} entries, {dropped} did not fit: {names}"), dropped=dropped, **given
        )
    return words(N_("{used} of {all} entries: {names}"), **given)
