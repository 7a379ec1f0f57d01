"""One agent opens, gives the floor, and sums up."""

from __future__ import annotations

from core.messages import Reason
from core.rooms.policies.base import Choice, Decision, Option, Policy, View
from core.rooms.policies.called import heard_names
from core.text import N_

OPENS, FLOOR, GUEST, SUMS_UP = "opens", "gives_floor", "guest", "sums_up"
TASKS = {
    OPENS: "You lead this talk. Say in two sentences what it is about, and give the floor"
    " with @name to those who should speak first: {names}.",
    FLOOR: "You lead this talk. In one or two sentences lead over, and give the floor with"
    " @name to who should speak now: {names}.",
    GUEST: "{by} leads this talk and has given you the floor. Speak to the matter.",
    SUMS_UP: "You lead this talk. Everybody has spoken: sum up what was said in a few"
    " sentences, and name what is still open.",
}


class Moderator(Policy):
    """Whoever the moderator names has the floor; when nobody is named, the next in order."""

    name = "moderator"
    title = N_("a moderator")
    explained = N_("One opens, gives the others the floor, and sums up.")
    options = (
        Option("moderator", "member", None, N_("Who leads; empty: the first one")),
        Option("floors", "count", 3, N_("How often the floor is given, at most"), 1, 10),
    )
    strict = True
    asks_models = False

    def next(self, view: View) -> Decision:
        if not view.members:
            return ()
        host = _host(view)
        guests = [name for name in view.members if name != host]
        if not guests:
            return () if view.taken else [Choice(host, Reason("only_one"))]
        roles = [turn.role for turn in view.taken]
        if not roles:
            task = TASKS[OPENS].format(names=", ".join(guests))
            return [Choice(host, Reason("opens"), OPENS, task)]
        if SUMS_UP in roles:
            return ()
        if roles[-1] in (OPENS, FLOOR):
            return _given(view, host, guests)
        return [_host_again(view, host, guests)]


def _host(view: View) -> str:
    wanted = view.options.get("moderator")
    return wanted if wanted in view.members else view.members[0]


def _unheard(view: View, guests: list[str]) -> list[str]:
    spoken = {turn.agent for turn in view.taken if turn.role == GUEST}
    return [name for name in guests if name not in spoken]


def _given(view: View, host: str, guests: list[str]) -> list[Choice]:
    named = heard_names(view.taken[-1].text, guests)
    task = TASKS[GUEST].format(by=host)
    if named:
        reason = Reason("floor_given", {"by": host})
        return [Choice(name, reason, GUEST, task) for name in named]
    following = _unheard(view, guests) or guests
    return [Choice(following[0], Reason("floor_next", {"by": host}), GUEST, task)]


def _host_again(view: View, host: str, guests: list[str]) -> Choice:
    left = _unheard(view, guests)
    given = sum(turn.role in (OPENS, FLOOR) for turn in view.taken)
    if left and given < int(view.options["floors"]):
        task = TASKS[FLOOR].format(names=", ".join(left))
        return Choice(host, Reason("gives_floor"), FLOOR, task)
    return Choice(host, Reason("sums_up"), SUMS_UP, TASKS[SUMS_UP])
