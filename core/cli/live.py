"""A room's frames as lines on a terminal, while they come."""

from __future__ import annotations

from typing import Any

from core.cli.output import harmless, one_line, write
from core.text import _

Body = dict[str, Any]


class Transcript:
    """Prints each message once. One streams at a time; others wait until it is finished."""

    def __init__(self) -> None:
        self._printed: dict[int, int] = {}  # seq → characters that are on the screen
        self._known: dict[int, Body] = {}  # seq → what is known of a message not yet finished
        self._done: set[int] = set()
        self._speaking: int | None = None

    def show(self, frame: Body) -> None:
        """Take in one frame and print what it brings."""
        seq = frame.get("seq")
        if not isinstance(seq, int) or seq in self._done:
            return
        if frame["type"] == "delta":
            known = self._known.setdefault(seq, {"content": ""})
            known["content"] = known["content"][: frame["offset"]] + frame["text"]
        elif "content" in frame:
            self._known[seq] = frame
        self._advance()

    def close(self) -> None:
        """End the line that is being written."""
        if self._speaking is not None:
            write()
            self._speaking = None

    def _advance(self) -> None:
        waiting = sorted(self._known)
        if self._speaking is not None:
            waiting = [self._speaking, *(seq for seq in waiting if seq != self._speaking)]
        for seq in waiting:
            if not self._print(seq):
                return

    def _print(self, seq: int) -> bool:
        """Print what is new of a message; whether it is finished."""
        body = self._known[seq]
        final = body.get("status", "pending") != "pending"
        fresh = harmless(body["content"])[self._printed.get(seq, 0) :]
        if self._speaking is None and (fresh or final):
            write(one_line(body.get("sender", "?")) + ": ", end="")
            self._speaking = seq
        if fresh:
            write(fresh, end="")
            self._printed[seq] = self._printed.get(seq, 0) + len(fresh)
        if final and self._speaking == seq:
            write(_note(body))
            self._done.add(seq)
            del self._known[seq]
            self._speaking = None
        return final or self._speaking is None


def _note(body: Body) -> str:
    """What is said behind a message that is not simply complete."""
    words = {
        "partial": _("broken off"),
        "stopped": _("stopped"),
        "failed": _("failed"),
    }
    if body.get("deleted"):
        return "[" + _("deleted") + "]"
    said = [words[body["status"]]] if body["status"] in words else []
    said += [one_line(body["reason"])] if body.get("reason") else []
    return f" [{': '.join(said)}]" if said else ""
