"""The members vote who speaks; whom people call with @ gets their votes, too."""

from __future__ import annotations

from collections import Counter

from core.messages import Reason
from core.rooms.policies.base import Ask, Choice, Decision, Policy, Question, View, turns_option
from core.rooms.policies.talk import ballot_of
from core.rooms.said.mentions import mentioned
from core.text import N_


class Vote(Policy):
    """Each member's model names another one who may speak; each @name of people is a vote.

    Most votes win; of equals, whoever comes first behind the last speaker. A member whose model
    does not answer has not voted, nor has a guest whose program is silent; one whose program
    knows nothing of votes is not asked. The last speaker cannot be elected unless it is alone.
    """

    name = "vote"
    title = N_("by vote")
    explained = N_("The members vote who speaks; an @name of yours is a vote, too.")
    options = (turns_option(1),)
    strict = True
    asks_models = True
    follows_speaker = True

    def next(self, view: View) -> Decision:
        if not view.members or len(view.taken) >= int(view.options["turns"]):
            return ()
        candidates = view.others
        if len(candidates) == 1:
            return [Choice(candidates[0], Reason("only_one"))]
        voters = [name for name in view.members if name not in view.voteless]
        if voters and not view.answers:
            return Ask(tuple(_ballot(view, voter, candidates) for voter in voters))
        return [_elected(view, candidates)]


def _ballot(view: View, voter: str, candidates: list[str]) -> Question:
    choices = tuple(name for name in candidates if name != voter)
    text = ballot_of(view.heard.get(voter, ()), voter, choices)
    return Question(voter, text, choices, agent=voter, guest=voter in view.guests)


def _elected(view: View, candidates: list[str]) -> Choice:
    votes = Counter(name for name in view.answers.values() if name in candidates)
    if not view.taken:
        votes.update(name for text in view.asked for name in mentioned(text, candidates))
    if not votes:
        return Choice(candidates[0], Reason("vote_failed"))
    best = max(votes.values())
    winner = next(name for name in candidates if votes[name] == best)
    return Choice(winner, Reason("voted", {"votes": best, "all": votes.total()}))
