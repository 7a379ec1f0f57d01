"""Everybody answers once, in the room's order; those whom people call with @ alone answer."""

from __future__ import annotations

from core.messages import Reason
from core.rooms.policies.base import STRICT, TOGETHER, Choice, Decision, Policy, View
from core.rooms.policies.called import called
from core.text import N_


class InOrder(Policy):
    """Several turns at once; whose model is loaded may go first."""

    name = "in_order"
    title = N_("in order")
    explained = N_("Everybody answers in order; @name asks one.")
    options = (STRICT, TOGETHER)
    strict = False
    asks_models = False

    def next(self, view: View) -> Decision:
        if view.taken:
            return ()
        named = called(view)
        if named is not None:
            return named
        return [Choice(name, Reason("in_order")) for name in view.members]
