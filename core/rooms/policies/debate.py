"""Two sides argue in rounds, and a judge closes."""

from __future__ import annotations

from core.messages import Reason
from core.rooms.policies.base import Choice, Decision, Option, Policy, View
from core.text import N_

FOR, AGAINST, JUDGE = "for", "against", "judge"
TASKS = {
    FOR: "This is a debate, round {round} of {rounds}. You argue for it. Answer the other"
    " side's last point, then make one new one, in a few sentences.",
    AGAINST: "This is a debate, round {round} of {rounds}. You argue against it. Answer the"
    " other side's last point, then make one new one, in a few sentences.",
    JUDGE: "The debate is over. You are the judge: name the strongest point of each side, and"
    " say which side was more convincing and why.",
}


class Debate(Policy):
    """Sides alternate; each of `rounds` lets everybody of both sides speak once."""

    name = "debate"
    title = N_("debate")
    explained = N_("Two sides argue in turns; a judge closes.")
    options = (
        Option("rounds", "count", 2, N_("Rounds"), 1, 6),
        Option("side_for", "members", (), N_("Who argues for it; empty: every other one")),
        Option("side_against", "members", (), N_("Who argues against it")),
        Option("judge", "member", None, N_("The judge; empty: the last one, of three or more")),
    )
    strict = True
    asks_models = False

    def next(self, view: View) -> Decision:
        rounds = int(view.options["rounds"])
        judge = _judge(view)
        line_up = _line_up(view, judge)
        done = sum(turn.role in (FOR, AGAINST) for turn in view.taken)
        if line_up and done < rounds * len(line_up):
            agent, role = line_up[done % len(line_up)]
            number = done // len(line_up) + 1
            reason = Reason(f"argues_{role}", {"round": number, "rounds": rounds})
            task = TASKS[role].format(round=number, rounds=rounds)
            return [Choice(agent, reason, role, task)]
        if judge is None or any(turn.role == JUDGE for turn in view.taken):
            return ()
        return [Choice(judge, Reason("judges"), JUDGE, TASKS[JUDGE])]


def _judge(view: View) -> str | None:
    wanted = view.options.get("judge")
    if wanted in view.members:
        return str(wanted)
    sides = {*view.options["side_for"], *view.options["side_against"]}
    free = [name for name in view.members if name not in sides]
    return free[-1] if free and len(view.members) >= 3 else None


def _line_up(view: View, judge: str | None) -> list[tuple[str, str]]:
    """Who speaks in one round, sides alternating."""
    there = [name for name in view.members if name != judge]
    first = [name for name in view.options["side_for"] if name in there]
    second = [name for name in view.options["side_against"] if name in there and name not in first]
    for name in there if not (first and second) else ():
        if name not in (*first, *second):
            (first if len(first) <= len(second) else second).append(name)
    pairs: list[tuple[str, str]] = []
    for place in range(max(len(first), len(second))):
        pairs += [(name, FOR) for name in first[place : place + 1]]
        pairs += [(name, AGAINST) for name in second[place : place + 1]]
    return pairs
