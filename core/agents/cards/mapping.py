"""Which field of a card is which of an agent.

What a card has no field for (gender, roles, tones …) stands under `engawa` in its extensions.
What a file from outside must not decide (model, adapter, tools, options, memory) is never read
from a card. The creator's notes and the tags are for people: they never reach a prompt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.agents.cards.card import V3, Card
from core.agents.cards.tidy import as_list, display_name, tidied, tidy
from core.agents.spec import LANGUAGES

OWN = "engawa"
_ORIGINAL = re.compile(r"\{\{original\}\}", re.IGNORECASE)
OWN_TEXTS = ("description", "gender", "template")
OWN_LISTS = ("roles", "tones", "skills")
TALKATIVE = "talkativeness"


def fields_of(card: Card) -> dict[str, Any]:
    """The fields of an `Agent` that a card decides."""
    own = _own(card)
    fields: dict[str, Any] = {
        "name": shown_name(card),
        "body": joined(*parts(card)),
        "background": tidy(card.text("scenario")),
        "personalities": as_list(card.text("personality")),
        "greetings": tidied((card.text("first_mes"), *card.texts("alternate_greetings"))),
        "examples": tidy(card.text("mes_example")),
        "talkativeness": _talkativeness(card),
        "language": own["language"] if own.get("language") in LANGUAGES else "",
        "introduction": _texts_of(own.get("introduction")),
    }
    fields |= {name: _text_of(own.get(name)) for name in OWN_TEXTS}
    fields |= {name: _list_of(own.get(name)) for name in OWN_LISTS}
    return fields | {"template": fields["template"] or "default"}


def shown_name(card: Card) -> str:
    """What the character is called: a version 3 card may have a nickname beside its name."""
    nickname = display_name(card.text("nickname")) if card.spec == V3 else ""
    return nickname or display_name(card.text("name"))


def parts(card: Card) -> tuple[str, str, str]:
    """What stands before the description, the description, what stands behind it."""
    middle = tidy(card.text("description"))
    lead = _text_of(_own(card).get("description"))
    if lead and middle.startswith(lead):
        middle = middle.removeprefix(lead).strip()
    return (
        _instructions(card, "system_prompt"),
        middle,
        _instructions(card, "post_history_instructions"),
    )


def _instructions(card: Card, name: str) -> str:
    return tidy(_ORIGINAL.sub("", card.text(name)))


def joined(*texts: str) -> str:
    """The texts that are not empty, with a blank line between them."""
    return "\n\n".join(filter(None, texts))


def _own(card: Card) -> Mapping[str, Any]:
    own = card.extensions.get(OWN)
    return own if isinstance(own, dict) else {}


def _text_of(value: Any) -> str:
    return tidy(value) if isinstance(value, str) else ""


def _list_of(value: Any) -> tuple[str, ...]:
    given = value if isinstance(value, list) else []
    return tidied(one for one in given if isinstance(one, str))


def _texts_of(value: Any) -> dict[str, str]:
    given = value if isinstance(value, dict) else {}
    return {name: _text_of(given[name]) for name in LANGUAGES if name and _text_of(given.get(name))}


def _talkativeness(card: Card) -> float | None:
    given = card.extensions.get(TALKATIVE)
    try:
        value = float(given) if isinstance(given, str | int | float) else -1.0
    except (ValueError, OverflowError):
        return None
    return value if 0 <= value <= 1 else None
