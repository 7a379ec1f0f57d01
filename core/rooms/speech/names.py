"""Names that stand before a colon at the beginning of a line: who speaks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_BLANKS = " \t\u3000"
_CLOSED_BY = {"[": "]", "【": "】", "「": "」", "(": ")"}
_HEAD = re.compile(rf"[{_BLANKS}]*(\*{{1,3}}|_{{1,3}}|\[|【|「|\()?")
_COLONS = ":："


@dataclass(frozen=True, slots=True)
class Label:
    """`Ren:`, `**Ren:**`, `【Ren】：` at the beginning of a line; `end` is where it ends.

    `closing` may follow it and belongs to it: the other half of what opened it.
    """

    name: str
    end: int
    closing: str


MAYBE = "maybe"


class Names:
    """A set of names, compared without regard to case and width."""

    def __init__(self, names: Iterable[str]) -> None:
        # A name of digits alone before a colon is a time of day, say.
        worded = (name for name in names if any(letter.isalpha() for letter in name))
        self._by_key = {_fold(name.strip()): name.strip() for name in worded}

    def read(self, line: str) -> Label | str | None:
        """The label that `line` begins with, `None` when there is none, or `MAYBE`.

        Decided letter by letter, so that it does not matter how much of the line is known.
        """
        head = _HEAD.match(line)
        assert head is not None
        mark = head[1] or ""
        closing = _CLOSED_BY.get(mark, mark)
        for end in range(head.end() + 1, len(line) + 1):
            core = line[head.end() : end]
            if core[-1] in _COLONS:
                return self._labelled(core[:-1], end, closing)
            if not self._could_be(core, closing):
                return None
        return MAYBE

    def _labelled(self, core: str, end: int, closing: str) -> Label | None:
        bare = core.rstrip(_BLANKS)
        closed = bool(closing) and bare.endswith(closing)
        bare = bare.removesuffix(closing) if closed else bare
        name = self._by_key.get(_fold(bare.strip(_BLANKS)))
        return None if name is None else Label(name, end, "" if closed else closing)

    def _could_be(self, core: str, closing: str) -> bool:
        key = _fold(core)
        if any(name.startswith(key) for name in self._by_key):
            return True
        bare = core.rstrip(_BLANKS)
        for length in range(len(closing), -1, -1):
            part = closing[:length]
            if bare.endswith(part) and _fold(bare[: len(bare) - length]) in self._by_key:
                return True
        return False


def _fold(name: str) -> str:
    # Decomposed, so that the beginning of a name is the beginning of its key.
    return unicodedata.normalize("NFKD", name).casefold()
