"""Why a room waits: it has cost what it may, or goes round in circles. Never raised: stored."""

from __future__ import annotations

from core.errors.base import WorkbenchError
from core.text import N_

_LATER = N_("Let it go on, or raise the limit in the room's settings.")


class RoomHalted(WorkbenchError):
    """The room answers nobody until somebody lets it go on."""

    code = "room_halted"
    status = 409
    text = N_("This room waits.")
    next_step = _LATER


class TurnsSpent(RoomHalted):
    """Params: limit."""

    code = "turns_spent"
    text = N_("This room has had its {limit} turns.")


class TokensSpent(RoomHalted):
    """Params: limit."""

    code = "tokens_spent"
    text = N_("This room has said its {limit} tokens.")


class SecondsSpent(RoomHalted):
    """Params: limit."""

    code = "seconds_spent"
    text = N_("This room has spoken for its {limit} seconds.")


class JoulesSpent(RoomHalted):
    """Params: limit."""

    code = "joules_spent"
    text = N_("This room has used its {limit} joules.")


class InCircles(RoomHalted):
    """Agents thank each other, or say the same again."""

    code = "in_circles"
    text = N_("The talk goes round in circles.")
    next_step = N_("Say something new, or let it go on.")
