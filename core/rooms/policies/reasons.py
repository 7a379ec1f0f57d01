"""Why it is somebody's turn, in words: codes with parameters are stored, sentences shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.text import N_, language, translate

REASONS = {
    "argues_against": N_("argues against it, round {round} of {rounds}"),
    "argues_for": N_("argues for it, round {round} of {rounds}"),
    "called": N_("you called with @"),
    "called_by": N_("called by {by}"),
    "felt_like": N_("felt like it ({percent} %)"),
    "first_here": N_("nobody was called: the first one here"),
    "floor_given": N_("{by} gave the floor"),
    "floor_next": N_("{by} named nobody: the next in order"),
    "gives_floor": N_("leads: gives the floor"),
    "heard_name": N_("heard the name"),
    "heard_name_by": N_("named by {by}"),
    "in_order": N_("next in order"),
    "judges": N_("the judge closes"),
    "only_one": N_("nobody else can"),
    "opens": N_("leads: opens"),
    "picked": N_("you picked"),
    "selected": N_("the model picked"),
    "selector_failed": N_("the model named nobody: the next in order"),
    "spoke_last": N_("nobody was called: spoke last"),
    "sums_up": N_("leads: sums up"),
    "vote_failed": N_("nobody voted: the next in order"),
    "voted": N_("{votes} of {all} votes"),
    "whispered": N_("you whispered to it"),
}


# A turn that the schedule has put before others: see `core.rooms.turns.schedule`.
AHEAD_OF = N_("{reason}; before {names}, to save loading a model")


def why(stored: Mapping[str, Any] | None, lang: str | None = None) -> str | None:
    """A stored reason, `{"code", "params"}`, in words; `None` for one that is not known."""
    text = REASONS.get(str(stored["code"])) if stored else None
    if stored is None or text is None:
        return None
    said = translate(text, lang or language(), stored.get("params") or {})
    passed = stored.get("ahead_of")
    if not passed:
        return said
    given = {"reason": said, "names": ", ".join(passed)}
    return translate(AHEAD_OF, lang or language(), given)
