"""The beginning of the rest of a reply: its blanks count, and its beginning is not said twice."""

from __future__ import annotations


class Onward:
    """In the place of `Opening` when a reply goes on that was broken off after `said`.

    Some models begin such a reply anew instead of going on; what stands there already is then
    taken away.
    """

    def __init__(self, said: str) -> None:
        self.ended = False
        self._said = said
        self._held: str | None = ""

    def heard(self, text: str) -> str:
        if self._held is None:
            return text
        self._held += text
        begun = self._held.lstrip()
        if len(begun) < len(self._said) and self._said.startswith(begun):
            return ""
        held, self._held = self._held, None
        return begun[len(self._said) :] if begun.startswith(self._said) else held

    def rest(self) -> str:
        held, self._held = self._held or "", None
        return held if held.strip() != self._said else ""
