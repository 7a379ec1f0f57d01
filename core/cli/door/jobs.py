"""The jobs behind a door: of the folder that this command opened, or of a running app."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from core.api.job_bodies import job_body, log_of
from core.cli.door.protocols import Body
from core.client.http import Http, segment
from core.jobs import Job, Jobs, JobState
from core.text import language

_PATH = "/api/v1/jobs"
_LOOK_S = 0.3


class LocalJobs:
    """See `protocols.JobsDoor`."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def list(self, limit: int) -> Sequence[Body]:
        return [self._body(job) for job in self._jobs.list(limit)]

    def get(self, job_id: str) -> Body:
        return self._body(self._jobs.get(job_id))

    def cancel(self, job_id: str) -> Body:
        self._jobs.cancel(job_id)
        return self._body(self._jobs.wait(job_id, 10.0))

    def resume(self, job_id: str) -> Body:
        return self._body(self._jobs.resume(job_id))

    def forget(self, job_id: str) -> None:
        self._jobs.forget(job_id)

    def log(self, job_id: str) -> str:
        return log_of(self._jobs, job_id)

    def follow(self, job_id: str) -> Iterator[Body]:
        return (self._body(job) for job in self._jobs.follow(job_id))

    def _body(self, job: Job) -> Body:
        return job_body(self._jobs, job, language())


class RemoteJobs:
    """See `protocols.JobsDoor`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def list(self, limit: int) -> Sequence[Body]:
        found: Sequence[Body] = self._http.get(_PATH, limit=limit)["jobs"]
        return found

    def get(self, job_id: str) -> Body:
        return self._http.get(self._one(job_id))

    def cancel(self, job_id: str) -> Body:
        return self._http.post(self._one(job_id) + "/cancel")

    def resume(self, job_id: str) -> Body:
        return self._http.post(self._one(job_id) + "/resume")

    def forget(self, job_id: str) -> None:
        self._http.delete(self._one(job_id))

    def log(self, job_id: str) -> str:
        return str(self._http.get(self._one(job_id) + "/log")["log"])

    def follow(self, job_id: str) -> Iterator[Body]:
        last = None
        while True:
            job = self.get(job_id)
            if job != last:
                yield job
            if JobState(job["state"]).ended:
                return
            last = job
            time.sleep(_LOOK_S)

    def _one(self, job_id: str) -> str:
        return f"{_PATH}/{segment(job_id)}"
