"""Example dialogues: whole ones only, as many as fit, the first ones first."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.agents.window import Count

HEAD = "Examples of how {name} speaks; they are not part of this talk:"
_START = re.compile(r"^\s*<START>\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Examples:
    """The text that enters the prompt, and how many dialogues of how many it holds."""

    text: str = ""
    used: int = 0
    known: int = 0


def examples_within(given: str, name: str, budget: int, count: Count) -> Examples:
    """The dialogues of `given` (cards separate them by `<START>`) within `budget` tokens."""
    dialogues = [part.strip() for part in _START.split(given) if part.strip()]
    if not dialogues:
        return Examples()
    chosen = [HEAD.format(name=name)]
    left = budget - count(chosen[0])
    for dialogue in dialogues:
        left -= count(dialogue)
        if left < 0:
            break
        chosen.append(dialogue)
    used = len(chosen) - 1
    return Examples("\n\n".join(chosen) if used else "", used, len(dialogues))
