"""A talk as a model is shown it that has to pick somebody."""

from __future__ import annotations

from collections.abc import Sequence

from core.messages import Line

LINES, CHARS = 12, 400


def talk_of(transcript: Sequence[Line]) -> str:
    """The last lines, each cut to its beginning."""
    lines = [f"{line.sender}: {line.content[:CHARS]}" for line in transcript[-LINES:]]
    return "\n".join(["This was said in a room:", *lines])


def ballot_of(transcript: Sequence[Line], voter: str, choices: Sequence[str]) -> str:
    """What a voter's model is asked."""
    names = ", ".join(choices)
    return f"{talk_of(transcript)}\n\nYou are {voter}. Who of these should speak next: {names}?"
