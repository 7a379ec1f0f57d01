"""The keys of lorebook entries: words that a text contains, or regular expressions with a limit.

An expression comes from a stranger's card. It may be as slow as it likes: it is given a few
milliseconds a text, what is found too late is no match, and one whose reading alone would be
costly is never compiled.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

MAX_PATTERN = 250
MAX_REPEAT = 1_000
MAX_TEXT = 8_000  # the end of a longer text is searched
TEXT_S = 0.02  # for one expression and one text
ALL_S = 0.1  # for all expressions of one scan
TRIES = 3

_SLASHED = re.compile(r"/(.+)/([a-z]*)", re.DOTALL)
# What JavaScript knows after "(?". The library knows more, fuzzy search and recursion among it.
_GROUP = re.compile(r"\(\?(?!:|=|!|<=|<!|<[A-Za-z_]\w*>|[ims]*(?:-[ims]+)?:)")
_REPEAT = re.compile(r"\{([^{}]*)\}")
_COUNT = re.compile(r"(\d{1,6})?(,(\d{1,6})?)?")


class Clock:
    """The working time that the expressions of one scan have left."""

    def __init__(self, seconds: float = ALL_S) -> None:
        self._left = seconds

    def search(self, pattern: Any, text: str) -> bool:
        """Whether the pattern is found, as far as can be said in time."""
        for _try in range(TRIES):
            if self._left <= 0:
                return False
            limit = min(TEXT_S, self._left)
            began = time.thread_time()
            try:
                return pattern.search(text[-MAX_TEXT:], timeout=limit, concurrent=True) is not None
            except TimeoutError:
                pass
            finally:
                worked = time.thread_time() - began
                self._left -= worked
            if worked > limit / 2:
                return False
            # The library's clock went on while a busy machine did something else.
        return False


def contains(text: str, folded: str, keys: Iterable[str], *, case: bool) -> bool:
    """Whether one of the words stands in the text; `folded` is the text without its case."""
    if case:
        return any(key in text for key in keys)
    return any(key.casefold() in folded for key in keys)


@lru_cache(maxsize=2_048)
def compiled(key: str, *, case: bool) -> Any:
    """The expression of a key, JavaScript's `/…/flags` too; `None` when it is not to be used."""
    slashed = _SLASHED.fullmatch(key.strip())
    source, flags = (slashed[1], slashed[2]) if slashed else (key, "" if case else "i")
    if not source or len(source) > MAX_PATTERN or _GROUP.search(source) or _costly(source):
        return None
    import regex  # type: ignore[import-untyped]  # only cards with expressions need it

    wanted = {"i": regex.IGNORECASE, "m": regex.MULTILINE, "s": regex.DOTALL}
    chosen = regex.VERSION0
    for letter, flag in wanted.items():
        chosen |= flag if letter in flags else 0
    try:
        return regex.compile(source, chosen)
    except (regex.error, RecursionError, OverflowError, ValueError):
        return None


def _costly(source: str) -> bool:
    """Repeats beyond measure, and braces that are none: the library reads those as its own."""
    for found in _REPEAT.finditer(source):
        before = source[max(0, found.start() - 2) : found.start()]
        if before[-2:] in (r"\u", r"\p", r"\P"):
            continue
        count = _COUNT.fullmatch(found[1])
        if count is None or not found[1]:
            return True
        if max(int(count[1] or 0), int(count[3] or 0)) > MAX_REPEAT:
            return True
    return "\\L" in source or "\\R" in source
