"""What a model would be sent for the draft, word for word, and the tokens of each part."""

from __future__ import annotations

from pages.ui.agent_draft import Draft
from pages.ui.markdown import quiet


def prompt(draft: Draft, said: str, model: str) -> None:
    quiet(f"{draft.opened} {said} {model}")
