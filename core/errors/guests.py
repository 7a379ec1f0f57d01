"""Why an agent of another program did not use its turn. Never raised: stored with the turn."""

from __future__ import annotations

from core.errors.base import WorkbenchError
from core.text import N_


class OutsideGone(WorkbenchError):
    """Params: agent."""

    code = "outside_gone"
    status = 503
    text = N_("{agent} did not answer.")
    next_step = N_("Look at the program that brought {agent}; the talk goes on without it.")


class OutsideAway(OutsideGone):
    """Params: agent."""

    code = "outside_away"
    text = N_("{agent} is away.")


class OutsideSilent(OutsideGone):
    """Params: agent, seconds."""

    code = "outside_silent"
    text = N_("{agent} said nothing for {seconds} s.")


class OutsidePassed(OutsideGone):
    """Params: agent."""

    code = "outside_passed"
    text = N_("{agent} has nothing to say.")
    next_step = N_("The talk goes on without it.")
