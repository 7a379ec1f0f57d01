"""Letters that no screen can show, or that nobody can see."""

from __future__ import annotations

import re

from core.rooms.rules import printable

# Zero-width ones only: joiners (U+200C, U+200D) shape words and emoji, so they stay.
_UNSEEN = re.compile("[\u180e\u200b\u2060\ufeff]")
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f\u180e\u200b\u2060\ufeff\ud800-\udfff]")


class Letters:
    """Takes unseen letters away and makes every line end `\\n`."""

    def __init__(self) -> None:
        self.ended = False
        self._after_return = False

    def heard(self, text: str) -> str:
        if not text:
            return ""
        if self._after_return and text[0] == "\n":
            text = text[1:]
            self._after_return = False
        if not _ODD.search(text):
            self._after_return = self._after_return and not text
            return text
        self._after_return = text[-1] == "\r"
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return _UNSEEN.sub("", printable(text))

    def rest(self) -> str:
        return ""
