"""A version 2 of a version 3 card, for programs that know no other."""

from __future__ import annotations

from typing import Any

from core.agents.cards.card import TEXTS, V2, VERSIONS, Card

_LISTS = ("alternate_greetings", "tags")
_NOTE = "This is the version 2 of a version 3 card; a program that reads version 3 shows all of it."


def as_v2(card: Card) -> Card:
    """The fields that version 2 knows, with a word about it in the creator's notes."""
    data: dict[str, Any] = {name: card.text(name) for name in TEXTS if name != "nickname"}
    data |= {name: list(card.texts(name)) for name in _LISTS}
    data["creator_notes"] = "\n\n".join(filter(None, (_NOTE, data["creator_notes"])))
    if card.data.get("character_book"):
        data["character_book"] = card.data["character_book"]
    data["extensions"] = card.extensions
    return Card({"spec": V2, "spec_version": VERSIONS[V2], "data": data})
