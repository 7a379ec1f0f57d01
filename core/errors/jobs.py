"""Work in the background did not go as it should."""

from __future__ import annotations

from core.errors.base import WorkbenchError
from core.errors.given import Conflict, NotFound
from core.text import N_


class JobNotFound(NotFound):
    """Params: job."""

    code = "job_not_found"
    text = N_("There is no job “{job}”.")
    next_step = N_("“python -m core jobs list” names those that are remembered.")


class JobNotResumable(Conflict):
    """It runs, or it is done. Params: job, state."""

    code = "job_not_resumable"
    text = N_("The job {job} cannot be taken up again: it is {state}.")
    next_step = N_("Start a new one.")


class JobDied(WorkbenchError):
    """The process that did it ended without a word. Params: detail."""

    code = "job_died"
    status = 503
    text = N_("The process that did this ended: {detail}.")
    next_step = N_("Take it up again; what was done so far is kept.")


class JobInterrupted(WorkbenchError):
    """Not raised: stored with work that ran when the app ended."""

    code = "job_interrupted"
    status = 503
    text = N_("Engawa ended while this was running.")
    next_step = N_("Take it up again; what was done so far is kept.")
