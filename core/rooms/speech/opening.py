"""The beginning of a reply, without blank lines and without the speaker's own name."""

from __future__ import annotations

from core.rooms.speech.names import MAYBE, Label, Names


class Opening:
    """Takes "Name: " away, which models like to begin with, and blanks before the first word."""

    def __init__(self, name: str) -> None:
        self.ended = False
        self._names = Names([name])
        self._held: str | None = ""
        self._closing = ""  # the other half of a label's mark, which may follow it

    def heard(self, text: str) -> str:
        if self._held is None:
            return text
        self._held += text
        return self._decided(self._held, final=False)

    def rest(self) -> str:
        return self._decided(self._held, final=True) if self._held else ""

    def _decided(self, held: str, *, final: bool) -> str:
        while held:
            if not final and len(held) < len(self._closing) and self._closing.startswith(held):
                break
            held, self._closing = held.removeprefix(self._closing).lstrip(), ""
            label = self._names.read(held)
            if isinstance(label, Label):
                held, self._closing = held[label.end :], label.closing
            elif label is None or final:
                self._held = None
                return held
            elif label == MAYBE:
                break
        self._held = held
        return ""
