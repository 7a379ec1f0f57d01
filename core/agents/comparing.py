"""What differs between two states of one agent, as lines of its file."""

from __future__ import annotations

import difflib

from core.agents.serialising import to_text
from core.agents.spec import Agent


def changes(before: Agent, after: Agent) -> str:
    """The lines that go ("-") and those that come ("+"); "" when the files are equal."""
    lines = difflib.unified_diff(
        to_text(before).splitlines(), to_text(after).splitlines(), lineterm="", n=0
    )
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))
