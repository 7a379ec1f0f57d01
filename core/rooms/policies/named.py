"""Who is called with @ speaks, whoever called: people and agents alike."""

from __future__ import annotations

from core.messages import Reason
from core.rooms.policies.base import Choice, Decision, Policy, View, turns_option
from core.rooms.policies.called import answered_call, called
from core.text import N_


class Named(Policy):
    """When nobody is called, whom people talk to already: the last speaker, else the first."""

    name = "named"
    title = N_("by name")
    explained = N_("@name gives somebody the word; agents can do that, too.")
    options = (turns_option(6),)
    strict = True
    asks_models = False
    follows_speaker = True

    def next(self, view: View) -> Decision:
        if view.taken:
            left = int(view.options["turns"]) - len(view.taken)
            return answered_call(view)[: max(0, left)]
        named = called(view)
        if named is not None:
            return named
        if view.last_speaker in view.members:
            return [Choice(str(view.last_speaker), Reason("spoke_last"))]
        return [Choice(name, Reason("first_here")) for name in view.members[:1]]
