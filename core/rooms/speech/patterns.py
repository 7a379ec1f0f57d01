"""Regular expressions that somebody else wrote, with a time limit that holds."""

from __future__ import annotations

from typing import Any, Protocol

# Processor time for one search. A sound expression takes microseconds.
LIMIT_S = 0.02
LONGEST = 2_000  # characters of an expression


class Found(Protocol):
    """What was found; `partial` when the text ended before it was decided."""

    partial: bool

    def start(self) -> int: ...
    def end(self) -> int: ...


class PatternInvalid(ValueError):
    """An expression cannot be used; its text says why."""


class TooSlow(Exception):
    """An expression took longer than `LIMIT_S`."""


class Pattern:
    """A compiled expression of the `regex` package, which knows partial matches and limits."""

    def __init__(self, text: str) -> None:
        """
        Raises:
            PatternInvalid: it is no expression, or longer than `LONGEST`.
        """
        import regex  # type: ignore[import-untyped]  # 40 ms, and few processes need it

        if len(text) > LONGEST:
            raise PatternInvalid(f"longer than {LONGEST} characters")
        try:
            compiled = regex.compile(text)
        except (regex.error, RecursionError, OverflowError) as error:
            raise PatternInvalid(str(error)) from None
        self._compiled = compiled

    def finds_nothing(self) -> bool:
        """Whether it matches an empty text, and so everywhere."""
        return self._compiled.match("") is not None

    def search(self, text: str, start: int, *, partial: bool = False) -> Found | None:
        """The first place at or after `start`; a partial one only when there is no whole one.

        Raises:
            TooSlow: nothing is known.
        """
        return self._asked(self._compiled.search, text, start, len(text), partial)

    def match(self, text: str, start: int, end: int, *, partial: bool = False) -> Found | None:
        """What begins exactly at `start` in the text up to `end`. Raises: see `search`."""
        return self._asked(self._compiled.match, text, start, end, partial)

    def may_reach(self, text: str, start: int, end: int) -> bool:
        """Whether what begins at `start` could reach `end` or go beyond. Raises: see `search`."""
        return self._asked(self._compiled.fullmatch, text, start, end, True) is not None

    @staticmethod
    def _asked(how: Any, text: str, start: int, end: int, partial: bool) -> Found | None:
        try:
            found: Found | None = how(text, start, end, partial=partial, timeout=LIMIT_S)
        except TimeoutError:
            raise TooSlow from None
        return found
