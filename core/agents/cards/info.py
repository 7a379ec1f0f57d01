"""What a card says about itself, for people: none of it ever reaches a prompt."""

from __future__ import annotations

from typing import Any

from core.agents.cards.kept import card_of
from core.agents.cards.tidy import tidied, tidy
from core.agents.files import Agents
from core.agents.spec import Agent


def card_info(agents: Agents, agent: Agent) -> dict[str, Any] | None:
    """The card's own name, its creator, notes and tags; `None` for an agent made here."""
    card = card_of(agents, agent)
    if card is None:
        return None
    book = card.data.get("character_book")
    return {
        "spec": card.spec,
        "name": tidy(card.text("name")),
        "creator": tidy(card.text("creator")),
        "version": tidy(card.text("character_version")),
        "notes": tidy(card.text("creator_notes")),
        "tags": list(tidied(card.texts("tags"))),
        "lorebook_entries": len(book["entries"]) if book else 0,
    }
