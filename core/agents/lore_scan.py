"""Which entries of a lorebook belong into a prompt: keys are looked for in what was said last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.agents import patterns
from core.agents.lorebook import ALL, NOT_ALL, NOT_ANY, Entry, Lorebook
from core.agents.macros import hidden_keys
from core.providers.tokens import estimate_tokens

SCAN_DEPTH = 8
MAX_DEPTH = 100
MAX_ROUNDS = 5  # of recursive scanning
ROUND_CHARS = 32_000


@dataclass(frozen=True, slots=True)
class Activated:
    """The entries in the order in which they are read; `dropped` did not fit the budget."""

    entries: tuple[Entry, ...] = ()
    dropped: int = 0


def activate(
    book: Lorebook,
    texts: Sequence[str],
    *,
    scan_depth: int = SCAN_DEPTH,
    token_budget: int | None = None,
    count: Callable[[str], int] = estimate_tokens,
    said: int = 0,
    greeting: int | None = None,
) -> Activated:
    """The entries that `texts` (what was said, oldest first) call up, within the budget.

    `scan_depth` and `token_budget` are for a book that names none; of two budgets the smaller
    counts. `said` is how often the character has spoken, `greeting` which of its greetings
    began the talk (`None`: unknown).
    """
    scan = _Scan(texts, book.scan_depth if book.scan_depth is not None else scan_depth)
    found = [entry for entry in book.entries if _may(entry, said, greeting) and scan.calls(entry)]
    if book.recursive_scanning:
        found = _with_called(book, found, lambda entry: _may(entry, said, greeting), scan)
    budgets = [budget for budget in (book.token_budget, token_budget) if budget is not None]
    kept = _fitting(found, min(budgets), count) if budgets else found
    order = {id(entry): number for number, entry in enumerate(book.entries)}
    kept.sort(key=lambda entry: (entry.insertion_order, order[id(entry)]))
    return Activated(tuple(kept), len(found) - len(kept))


class _Text:
    def __init__(self, text: str) -> None:
        self.text = text
        self.folded = text.casefold()


class _Scan:
    """The last lines of a talk, joined once per depth, and the time that expressions have."""

    def __init__(self, texts: Sequence[str], depth: int) -> None:
        self._texts, self._depth = texts, depth
        self._joined: dict[int, _Text] = {}
        self.clock = patterns.Clock()

    def calls(self, entry: Entry) -> bool:
        """Whether the entry is constant, told to come, or called by its keys."""
        if entry.constant or "activate" in entry.decorators:
            return True
        depth = self._depth if entry.scan_depth is None else entry.scan_depth
        return self.matches(entry, self._last(min(depth, MAX_DEPTH)))

    def matches(self, entry: Entry, text: _Text) -> bool:
        """Whether the keys, and the secondary ones as they are meant, stand in `text`."""
        if not self._any(entry, entry.keys, text):
            return False
        marks = entry.decorators
        if "additional_keys" in marks and not self._any(entry, marks["additional_keys"], text):
            return False
        if "exclude_keys" in marks and self._any(entry, marks["exclude_keys"], text):
            return False
        return not (entry.selective and entry.secondary_keys) or self._secondary(entry, text)

    def _secondary(self, entry: Entry, text: _Text) -> bool:
        keys = entry.secondary_keys
        if entry.logic in (ALL, NOT_ALL):
            every = all(self._any(entry, (key,), text) for key in keys)
            return every is (entry.logic == ALL)
        return self._any(entry, keys, text) is not (entry.logic == NOT_ANY)

    def _any(self, entry: Entry, keys: Sequence[str], text: _Text) -> bool:
        case = entry.case_sensitive
        if not entry.use_regex:
            return patterns.contains(text.text, text.folded, keys, case=case)
        expressions = (patterns.compiled(key, case=case) for key in keys)
        return any(one is not None and self.clock.search(one, text.text) for one in expressions)

    def _last(self, depth: int) -> _Text:
        if depth not in self._joined:
            self._joined[depth] = _Text("\n".join(self._texts[-depth:] if depth else ()))
        return self._joined[depth]


def _may(entry: Entry, said: int, greeting: int | None) -> bool:
    """Whether the entry is on, and its decorators let it come at this turn."""
    marks = entry.decorators
    if not entry.enabled or ("dont_activate" in marks and "activate" not in marks):
        return False
    if said < marks.get("activate_only_after", 0):
        return False
    every = marks.get("activate_only_every", 0)
    if every and said % every:
        return False
    return greeting is None or marks.get("is_greeting", greeting) == greeting


def _with_called(
    book: Lorebook, found: list[Entry], may: Callable[[Entry], bool], scan: _Scan
) -> list[Entry]:
    """`found` and what their texts call up, and theirs, for a few rounds."""
    everything, fresh = list(found), found
    known = {id(entry) for entry in found}
    waiting = [entry for entry in book.entries if id(entry) not in known and may(entry)]
    for _round in range(MAX_ROUNDS):
        if not fresh or not waiting:
            break
        said = "\n".join(hidden_keys(entry.content) for entry in fresh)
        text = _Text(said[:ROUND_CHARS])
        called = [(scan.matches(entry, text), entry) for entry in waiting]
        fresh = [entry for match, entry in called if match]
        waiting = [entry for match, entry in called if not match]
        everything += fresh
    return everything


def _fitting(found: list[Entry], budget: int, count: Callable[[str], int]) -> list[Entry]:
    """Without those of the lowest rank, as many as must go."""
    kept: list[Entry] = []
    for entry in sorted(found, key=lambda entry: entry.rank, reverse=True):
        budget -= count(entry.content)
        if budget < 0:
            break
        kept.append(entry)
    return kept
