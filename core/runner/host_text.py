"""Text out of tokens as they come: whole characters only, stop texts, thoughts apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence

BROKEN = "\ufffd"  # what a decoder writes for bytes that are no character (yet)


class Detokeniser:
    """Turns ids into text without ever showing half a character.

    Decodes a short tail only: tokens since the last whole character, and the ones before it,
    because some tokenizers treat the first token of a text in another way. `after` are ids that
    stand before the first one and are not given out; `trimmed`: blanks stood behind them that the
    model was not shown, and that are not given out again.
    """

    def __init__(
        self,
        decode: Callable[[list[int]], str],
        after: Sequence[int] = (),
        *,
        trimmed: bool = False,
    ) -> None:
        self._decode = decode
        self._trimmed = trimmed
        self._ids = list(after)
        self._before = 0  # the tail begins here, always at the beginning of a character
        self._whole = len(self._ids)  # and up to here nothing was incomplete
        self._given = len(decode(self._ids)) if self._ids else 0  # characters given out of the tail

    def add(self, token: int) -> str:
        """The text that this token completes; "" while a character is incomplete."""
        self._ids.append(token)
        text = self._decode(self._ids[self._before :])
        whole = text.rstrip(BROKEN)
        new = whole[self._given :]
        self._given = max(self._given, len(whole))
        if new and whole == text:
            self._before, self._whole = self._whole, len(self._ids)
            self._given = len(self._decode(self._ids[self._before :]))
        if self._trimmed:
            new = new.lstrip()
            self._trimmed = not new
        return new


class StopTexts:
    """Lets text through up to the first stop text, and holds back what might begin one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.found = False

    def add(self, text: str) -> str:
        if not self._stops:
            return text
        self._held += text
        places = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if places:
            self.found = True
            shown, self._held = self._held[: min(places)], ""
            return shown
        keep = max(_overlap(self._held, stop) for stop in self._stops)
        cut = len(self._held) - keep
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown

    def rest(self) -> str:
        shown, self._held = self._held, ""
        return shown


class Thoughts:
    """Tells what a model thinks (between its think marks) from what it says.

    `begun`: it goes on with what it said before, so that a blank at the beginning counts.
    """

    OPEN, CLOSE = "<think>", "</think>"

    def __init__(self, thinking: bool, *, begun: bool = False) -> None:
        self._thinking = thinking
        self._begun = begun
        self._held = ""

    def add(self, text: str) -> list[tuple[bool, str]]:
        """(is it a thought, text) in order."""
        self._held += text
        found: list[tuple[bool, str]] = []
        while (place := self._held.find(self._mark)) >= 0:
            mark = self._mark
            found.append(self._piece(place))
            self._held = self._held[len(mark) :]
            self._thinking, self._begun = not self._thinking, False
        found.append(self._piece(len(self._held) - _overlap(self._held, self._mark)))
        return [piece for piece in found if piece[1]]

    def rest(self) -> list[tuple[bool, str]]:
        held, self._held = self._held, ""
        return [(self._thinking, held)] if held else []

    @property
    def _mark(self) -> str:
        return self.CLOSE if self._thinking else self.OPEN

    def _piece(self, length: int) -> tuple[bool, str]:
        """The first `length` characters, without the blank lines that stand after a mark."""
        text, self._held = self._held[:length], self._held[length:]
        text = text if self._begun else text.lstrip()
        self._begun = self._begun or bool(text)
        return self._thinking, text


def _overlap(text: str, mark: str) -> int:
    """How many characters at the end of `text` may be the beginning of `mark`."""
    longest = min(len(text), len(mark) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(mark[:n])), 0)
