"""A model picks who speaks next; when its answer is of no use, the next in order does."""

from __future__ import annotations

from core.messages import Reason
from core.rooms.policies.base import (
    Ask,
    Choice,
    Decision,
    Option,
    Policy,
    Question,
    View,
    turns_option,
)
from core.rooms.policies.called import called
from core.rooms.policies.talk import talk_of
from core.text import N_

NOBODY = "nobody"
KEY = "selector"


class Selector(Policy):
    """One question a turn. The last speaker is never the answer unless it is alone."""

    name = "selector"
    title = N_("a model picks")
    explained = N_("A model reads along and says who speaks next.")
    options = (
        turns_option(3),
        Option("model", "model", None, N_("The model that picks; empty: that of the first one")),
    )
    strict = True
    asks_models = True
    follows_speaker = True

    def next(self, view: View) -> Decision:
        named = called(view) if not view.taken else None
        if named is not None:
            return named
        if not view.members or len(view.taken) >= int(view.options["turns"]):
            return ()
        candidates = view.others
        if len(candidates) == 1 and not view.taken:
            return [Choice(candidates[0], Reason("only_one"))]
        if KEY not in view.answers:
            return Ask((_question(view, candidates),))
        return _picked(view, candidates)


def _question(view: View, candidates: list[str]) -> Question:
    choices = (*candidates, NOBODY) if view.taken else tuple(candidates)
    names = ", ".join(candidates)
    text = f"{talk_of(view.transcript)}\n\nWho of these should speak next: {names}?"
    if view.taken:
        text += f' Answer "{NOBODY}" when nothing is left to say.'
    return Question(KEY, text, choices, model=view.options.get("model"))


def _picked(view: View, candidates: list[str]) -> list[Choice]:
    answer = view.answers[KEY]
    if answer == NOBODY and view.taken:
        return []
    if answer in candidates:
        return [Choice(str(answer), Reason("selected"))]
    if view.taken:  # one answer stands: without a picker the round ends rather than wanders
        return []
    return [Choice(candidates[0], Reason("selector_failed"))]
