"""The app itself: its port, its pace, its defects."""

from __future__ import annotations

from core.errors.base import WorkbenchError
from core.text import N_


class PortInUse(WorkbenchError):
    """Params: port."""

    code = "port_in_use"
    status = 409
    text = N_("Port {port} is already in use.")
    next_step = N_("Close the other program, or choose another port with --port.")


class AppNotRunning(WorkbenchError):
    """Params: address."""

    code = "app_not_running"
    status = 503
    text = N_("Engawa does not answer at {address}.")
    next_step = N_("Start it with “python -m core serve”.")


class TooMany(WorkbenchError):
    """Params: limit (per second)."""

    code = "too_many"
    status = 429
    text = N_("More than {limit} messages a second are not taken from one connection.")
    next_step = N_("Please wait a moment and connect again.")


class InternalFault(WorkbenchError):
    """A mistake of Engawa's own; the log names the place."""

    code = "internal"
    status = 500
    text = N_("Something went wrong inside Engawa.")
    next_step = N_("Try again; the log in the data folder says more.")


class ChecksFailed(WorkbenchError):
    """The doctor found something that keeps the app from working. Params: parts."""

    code = "checks_failed"
    text = N_("Something is not as it must be: {parts}.")
    next_step = N_("See what is said about each of them.")


class Relayed(WorkbenchError):
    """What a running Engawa answered to a command, in its own words. Params: code, detail, hint."""

    code = "relayed"
    text = "{detail}"
    next_step = "{hint}"


class Unforeseen(WorkbenchError):
    """A defect of Engawa's own. Params: kind (of the exception), log (file with the details)."""

    code = "unforeseen"
    status = 500
    text = N_("Something unforeseen happened ({kind}).")
    next_step = N_("The details are in {log}: please report them.")
