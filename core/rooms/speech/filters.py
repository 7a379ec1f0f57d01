"""What must not be said: masked, or the reply is cut before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from core.rooms.speech.patterns import TooSlow
from core.rooms.speech.rules import Filter

# A rule sees this much: behind the place where it begins, of its own match, and beyond its end.
LOOK_BACK = 32
LONGEST = 2_000
LOOK_AHEAD = 4

_WAIT: Literal["wait"] = "wait"


class Filters:
    """Replaces what its rules find. Of several at one place, the first of the file counts.

    Nothing that could still become a match is said; so no beginning of a match ever is.
    A rule that takes too long is not asked again in this reply, and is named in `slow`.
    """

    def __init__(self, filters: Sequence[Filter]) -> None:
        self.ended = False
        self.cut: str | None = None  # the rule that ended the reply
        self.masked: Counter[str] = Counter()
        self.slow: list[str] = []
        self._filters = list(filters)
        self._text = ""  # some of what was said already, then what is held back
        self._at = 0  # where the latter begins
        self._places: dict[str, int] = {}  # where each rule may match next

    def heard(self, text: str) -> str:
        if not self._filters:
            return "" if self.ended else text
        self._text += text
        return self._take(final=False)

    def rest(self) -> str:
        return self._take(final=True)

    def _take(self, *, final: bool) -> str:
        said: list[str] = []
        self._places.clear()
        while self._at < len(self._text) and not self.ended:
            place = self._next_place(final=final)
            said.append(self._text[self._at : place])
            self._at = place
            met = self._met(final=final) if place < len(self._text) else None
            if met == _WAIT:
                break
            if met is None:
                said.append(self._text[place : place + 1])
                self._at = min(place + 1, len(self._text))
            else:
                said.append(self._done(*met))
        self._forget()
        return "".join(said)

    def _next_place(self, *, final: bool) -> int:
        """The first place where any rule matches or may do so once more is known."""
        first = len(self._text)
        for one in tuple(self._filters):
            if self._places.get(one.name, -1) < self._at:
                try:
                    self._places[one.name] = self._place_of(one, final=final)
                except TooSlow:
                    self._give_up(one)
                    continue
            first = min(first, self._places[one.name])
        return first

    def _place_of(self, one: Filter, *, final: bool) -> int:
        found = one.pattern.search(self._text, self._at, partial=not final)
        if found is None:
            return len(self._text)
        if final or found.partial:
            return found.start()
        # A whole match hides a longer one that begins before it and is not decided yet.
        for place in range(max(self._at, len(self._text) - LONGEST), found.start()):
            if one.pattern.match(self._text, place, len(self._text), partial=True):
                return place
        return found.start()

    def _met(self, *, final: bool) -> tuple[Filter, int] | Literal["wait"] | None:
        """What matches exactly here: the rule and where it ends."""
        for one in tuple(self._filters):
            if self._places[one.name] > self._at:
                continue
            try:
                end = self._end_of(one, final=final)
            except TooSlow:
                self._give_up(one)
                continue
            if end == _WAIT:
                return _WAIT
            if end is not None:
                return one, end
        return None

    def _end_of(self, one: Filter, *, final: bool) -> int | Literal["wait"] | None:
        start, limit = self._at, self._at + LONGEST
        known = final or limit <= len(self._text)
        until = min(limit, len(self._text))
        found = one.pattern.match(self._text, start, until, partial=not known)
        if found is None:
            return None
        # What is partial ends where the text does, too.
        open_ended = not known and (
            found.end() + LOOK_AHEAD > until or one.pattern.may_reach(self._text, start, until)
        )
        if open_ended:
            return _WAIT
        fits = one.check is None or one.check(self._text[start : found.end()])
        return found.end() if fits and found.end() > start else None

    def _done(self, one: Filter, end: int) -> str:
        self._at = end
        if one.action == "cut":
            self.ended, self.cut = True, one.name
            return ""
        self.masked[one.name] += 1
        return one.shown

    def _give_up(self, one: Filter) -> None:
        self._filters.remove(one)
        self.slow.append(one.name)

    def _forget(self) -> None:
        gone = max(0, self._at - LOOK_BACK)
        self._text, self._at = self._text[gone:], self._at - gone
