"""A model that goes on in somebody else's name."""

from __future__ import annotations

from collections.abc import Iterable

from core.rooms.speech.code import Code
from core.rooms.speech.names import MAYBE, Label, Names


class Others:
    """Ends the reply before a line that begins with another person's name and a colon."""

    def __init__(self, names: Iterable[str]) -> None:
        self.ended = False
        self.cut: str | None = None  # for whom it began to speak
        self._names = Names(names)
        self._code = Code()
        self._held = ""
        self._at_head = True  # of a line

    def heard(self, text: str) -> str:
        self._held += text
        return self._take(final=False)

    def rest(self) -> str:
        return self._take(final=True)

    def _take(self, *, final: bool) -> str:
        said: list[str] = []
        while self._held and not self.ended:
            label = self._label()
            if isinstance(label, Label):
                self.ended, self.cut, self._held = True, label.name, ""
            elif label == MAYBE and not final:
                break
            else:
                said.append(self._line())
        return "".join(said)

    def _label(self) -> Label | str | None:
        if not self._at_head or self._code.fenced:
            return None
        return self._names.read(self._held)

    def _line(self) -> str:
        """Up to the line's end, or all that there is of it."""
        line, newline, self._held = self._held.partition("\n")
        self._at_head = bool(newline)
        self._code.pass_over(line + newline)
        return line + newline
