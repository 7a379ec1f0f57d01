"""What programs say of the agents that they bring, checked before anybody is seated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import InvalidInput
from core.rooms.people.seating import Wanted
from core.rooms.rules import checked_name
from core.text import N_, words

MAX_AGENTS = 20


def wanted_of(agents: Sequence[Mapping[str, Any]]) -> list[Wanted]:
    """The seats wanted for `[{name, capabilities}]`.

    Raises:
        InvalidInput: there are none or too many, or one is not described as agents are.
    """
    if not 1 <= len(agents) <= MAX_AGENTS:
        raise InvalidInput(
            field="agents",
            expected=words(N_("1 to {limit} agents"), limit=MAX_AGENTS),
            found=len(agents),
        )
    return [Wanted(checked_name(str(one.get("name", ""))), _capabilities(one)) for one in agents]


def _capabilities(agent: Mapping[str, Any]) -> tuple[str, ...]:
    given = agent.get("capabilities") or []
    if not isinstance(given, list) or len(given) > 50:
        raise InvalidInput(
            field="capabilities", expected=words(N_("a list of words")), found=str(given)[:40]
        )
    return tuple(str(word)[:80] for word in given)
