"""Blanks that nobody needs: at the end of lines, at the end of all, in stacks."""

from __future__ import annotations

import re

MOST_LINE_ENDS = 3  # that is two blank lines
_BLANKS = " \t\u3000"
_LINE_ENDS = re.compile(rf"[{_BLANKS}]*\n[{_BLANKS}\n]*(?<=\n)")


class Blanks:
    """Takes blanks before a line's end away, and leaves at most two blank lines in a row."""

    def __init__(self) -> None:
        self.ended = False
        self._held = ""  # blanks of which it is open what follows

    def heard(self, text: str) -> str:
        body = text.rstrip(_BLANKS + "\n")
        if not body:
            self._held += text
            return ""
        said = self._held + body
        self._held = text[len(body) :]
        return _LINE_ENDS.sub(_fewer, said) if "\n" in said else said

    def rest(self) -> str:
        self._held = ""
        return ""


def _fewer(found: re.Match[str]) -> str:
    return "\n" * min(found[0].count("\n"), MOST_LINE_ENDS)
