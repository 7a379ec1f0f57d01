"""You say who speaks: with the button, or with @name."""

from __future__ import annotations

from core.rooms.policies.base import Decision, Policy, View
from core.rooms.policies.called import called
from core.text import N_


class Manual(Policy):
    """Nobody speaks unasked; `Rooms.give_turn` gives a turn."""

    name = "manual"
    title = N_("you pick")
    explained = N_("Nobody speaks before you give them the word.")
    options = ()
    strict = True
    asks_models = False

    def next(self, view: View) -> Decision:
        return () if view.taken else called(view) or ()
