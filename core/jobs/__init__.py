"""Work that takes its time: it outlives the tab that began it, and a kill of the app.

A part registers the kinds of work that it can do; `Jobs` runs them, remembers how far each got,
and takes up what an earlier run of the app left.
"""

from core.jobs.job import Job, JobState, Progress
from core.jobs.jobs import Jobs
from core.jobs.kinds import ChildKind, Kind, ThreadKind
from core.jobs.work import JobCancelled, Work

__all__ = [
    "ChildKind",
    "Job",
    "JobCancelled",
    "JobState",
    "Jobs",
    "Kind",
    "Progress",
    "ThreadKind",
    "Work",
]
