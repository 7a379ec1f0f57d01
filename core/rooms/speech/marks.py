"""Fixed marks in a stream, such as `<think>`: found however the stream is cut."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.rooms.speech.code import Code


class Marks:
    """A set of marks; upper and lower case are the same."""

    def __init__(self, marks: Iterable[str]) -> None:
        self._longest_first = sorted({mark.lower() for mark in marks}, key=len, reverse=True)
        self._length = len(self._longest_first[0])
        first = {mark[0] for mark in self._longest_first}
        letters = "".join(re.escape(letter + letter.upper()) for letter in sorted(first))
        self._first = re.compile(f"[{letters}]")

    def begin_in(self, text: str) -> bool:
        """Whether a mark may begin in `text`."""
        return self._first.search(text) is not None

    def find(self, text: str, start: int, *, final: bool) -> tuple[int, str | None] | None:
        """Where the next mark begins and which, the longest that fits; `None` when there is none.

        The mark is `None` where the text ends before it is decided, which cannot be when `final`.
        """
        for letter in self._first.finditer(text, start):
            place = letter.start()
            tail = text[place : place + self._length].lower()
            for mark in self._longest_first:
                if tail.startswith(mark):
                    return place, mark
                if not final and mark.startswith(tail):
                    return place, None
        return None


class MarkStage:
    """A stage that looks for marks outside of code."""

    def __init__(self, marks: Marks) -> None:
        self.ended = False
        self._marks = marks
        self._held = ""
        self._code = Code()

    def heard(self, text: str) -> str:
        if not self._held and not self.ended and not self._marks.begin_in(text):
            return self._passed(text)
        return self._take(text, final=False)

    def rest(self) -> str:
        return self._take("", final=True)

    def _take(self, text: str, *, final: bool) -> str:
        text, self._held = self._held + text, ""
        said: list[str] = []
        start = 0
        while not self.ended:
            found = self._marks.find(text, start, final=final)
            if found is None:
                said.append(self._passed(text[start:]))
                break
            place, mark = found
            said.append(self._passed(text[start:place]))
            if self._literal(text[place], mark):
                said.append(self._passed(text[place]))
                start = place + 1
            elif mark is None:
                self._held = text[place:]
                break
            else:
                said.append(self._met(mark))
                start = place + len(mark)
        return "".join(said)

    def _passed(self, text: str) -> str:
        """What is said for a text without marks."""
        self._code.pass_over(text)
        return text

    def _literal(self, first: str, mark: str | None) -> bool:  # noqa: ARG002
        """Whether what begins here with `first` is no mark at this place."""
        return self._code.inside

    def _met(self, mark: str) -> str:
        """What is said in the place of `mark`."""
        raise NotImplementedError
