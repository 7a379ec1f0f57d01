"""Whether the place that a growing text has reached is inside code."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)", re.DOTALL)
_TICKS = re.compile("`+")


class Code:
    """Follows fenced blocks and `spans` (those within one line) of Markdown."""

    def __init__(self) -> None:
        self._line: list[str] = []
        self._fence = ""

    def pass_over(self, text: str) -> None:
        """The text goes on with this."""
        while "\n" in text:
            end, _newline, text = text.partition("\n")
            self._line.append(end)
            self._close_line("".join(self._line))
            self._line = []
        if text:
            self._line.append(text)

    @property
    def fenced(self) -> bool:
        """Inside a fenced block; its first and last line do not count."""
        return bool(self._fence)

    @property
    def inside(self) -> bool:
        """Inside a fenced block or a span."""
        return self.fenced or self._in_span("".join(self._line))

    @property
    def at_line_start(self) -> bool:
        """Nothing but blanks on this line so far."""
        return not "".join(self._line).strip()

    def _close_line(self, line: str) -> None:
        found = _FENCE.match(line)
        if found is None:
            return
        mark, after = found.groups()
        if not self._fence:
            self._fence = mark
        elif mark.startswith(self._fence) and not after.strip():
            self._fence = ""

    @staticmethod
    def _in_span(line: str) -> bool:
        opened = ""
        for run in _TICKS.findall(line):
            if not opened:
                opened = run
            elif run == opened:
                opened = ""
        return bool(opened)
