"""As people do it: whoever hears their name answers, and the talkative join in."""

from __future__ import annotations

from core.messages import Reason
from core.rooms.policies.base import STRICT, TOGETHER, Choice, Decision, Policy, View, turns_option
from core.rooms.policies.called import called, heard_names
from core.text import N_

EVEN = 0.5  # of who has no talkativeness of its own


class Natural(Policy):
    """Names first, then chance weighted by talkativeness; the same room rolls the same dice."""

    name = "natural"
    title = N_("naturally")
    explained = N_("Whoever hears their name answers; the talkative join in.")
    options = (turns_option(6), STRICT, TOGETHER)
    strict = False
    asks_models = False

    def next(self, view: View) -> Decision:
        left = int(view.options["turns"]) - len(view.taken)
        if view.taken:
            return _replies(view)[: max(0, left)]
        named = called(view)
        if named is not None:
            return named
        return _joining(view)[:left]


def _replies(view: View) -> list[Choice]:
    """Whoever the last speaker named; nobody speaks to answer themselves."""
    last = view.taken[-1]
    found = [name for name in heard_names(last.text, view.members) if name != last.agent]
    return [Choice(name, Reason("heard_name_by", {"by": last.agent})) for name in found]


def _joining(view: View) -> list[Choice]:
    heard = heard_names("\n".join(view.asked), view.members)
    dice = view.chance()
    rest = [name for name in view.members if name not in heard]
    weights = {name: min(1.0, max(0.0, view.talkativeness.get(name, EVEN))) for name in rest}
    rolls = {name: dice.random() for name in rest}
    # Whoever wants most comes first, so that the same few do not always begin.
    eager = sorted(rest, key=lambda name: rolls[name] - weights[name])
    joined = [name for name in eager if rolls[name] < weights[name]]
    if not heard and not joined:
        joined = eager[:1]
    return [
        *(Choice(name, Reason("heard_name")) for name in heard),
        *(Choice(name, _felt_like(weights[name])) for name in joined),
    ]


def _felt_like(weight: float) -> Reason:
    return Reason("felt_like", {"percent": round(100 * weight)})
