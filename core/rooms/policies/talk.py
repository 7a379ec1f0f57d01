"""A talk as a model is shown it that has to pick somebody."""

from __future__ import annotations

from core.rooms.policies.base import View

LINES, CHARS = 12, 400


def talk_of(view: View) -> str:
    """The last lines, each cut to its beginning."""
    lines = [f"{line.sender}: {line.content[:CHARS]}" for line in view.transcript[-LINES:]]
    return "\n".join(["This was said in a room:", *lines])
