"""All jobs of one data folder: begun, followed, cancelled, taken up again."""

from __future__ import annotations

import builtins
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import JobInterrupted, JobNotFound, JobNotResumable
from core.jobs import report
from core.jobs.job import Job, JobState, Progress
from core.jobs.kinds import ChildKind, Kind
from core.jobs.records import Records
from core.jobs.running import Running
from core.store import Store
from core.store.times import now

TRAINING = ("train", "lora")  # how kinds of work that train begin


class Jobs:
    """Runs work and remembers it. Thread-safe; nothing runs before the first `start`.

    Not promised: that a thread's job goes on after a kill. It is `interrupted` then, and takes
    up what it had when it is resumed. A child's job goes on.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._records = Records(store, folder)
        self._kinds: dict[str, Kind] = {}
        self._running = Running(self._records)

    def register(self, *kinds: Kind) -> None:
        """Make kinds of work known; before `recover`."""
        self._kinds |= {kind.name: kind for kind in kinds}

    def recover(self, *, begin: bool = True) -> None:
        """Take up what an earlier run left: processes that go on are watched again, the rest is
        done, failed, waiting or interrupted. Without `begin` what waits goes on waiting."""
        for job in self._records.unfinished():
            kind = self._kinds.get(job.kind)
            if isinstance(kind, ChildKind):
                self._recover_child(job, kind, begin)
            else:
                self._interrupt(job)
        self._records.prune()

    def kind(self, name: str) -> Kind:
        """What is known of a kind; of one that this version lacks, its name."""
        return self._kinds.get(name) or Kind(name, "{subject}")

    # --- what there is ------------------------------------------------------------------

    def get(self, job_id: str) -> Job:
        """
        Raises:
            JobNotFound: there is none, or it was forgotten.
        """
        found = self._running.job(job_id) or self._records.one(job_id)
        if found is None:
            raise JobNotFound(job=job_id)
        return found

    def list(self, limit: int = 50) -> list[Job]:
        """The newest first."""
        stored = self._records.all(limit)
        here = {job.id: job for job in self._running.jobs()}
        return [here.get(job.id, job) for job in stored]

    def active(self) -> builtins.list[Job]:
        """Those that wait or run, the oldest first; from memory."""
        return [job for job in self._running.jobs() if not job.state.ended]

    def follow(self, job_id: str, step_s: float = 1.0) -> Iterator[Job]:
        """The job now, then each change, to its end.

        Raises:
            JobNotFound: there is none.
        """
        last = None
        while True:
            job = self.get(job_id)
            if job != last:
                yield job
            if job.state.ended:
                return
            last = job
            self._await(job, step_s)

    def wait(self, job_id: str, timeout_s: float) -> Job:
        """The job when it has ended, or as it is after `timeout_s`."""
        running = self._running

        def over() -> bool:
            job = running.job(job_id)
            return job is None or job.state.ended

        with running.changed:
            running.changed.wait_for(over, timeout_s)
        return self.get(job_id)

    # --- what can be done ---------------------------------------------------------------

    def start(self, kind_name: str, subject: str, params: Mapping[str, Any] | None = None) -> Job:
        """Begin, or queue, a piece of work. Returns at once; it is stored by then.

        Of a `single` kind, one that is under way for the same subject is returned instead, and
        one that was not finished is taken up again.

        Raises:
            StorageError: it could not be stored, and was not begun.
        """
        kind = self._kinds[kind_name]
        if kind.single and (found := self._same(kind, subject, params or {})) is not None:
            return found if not found.state.ended else self.resume(found.id)
        job = Job(
            id=uuid.uuid4().hex,
            kind=kind_name,
            subject=subject,
            params=dict(params or {}),
            state=JobState.QUEUED,
            progress=Progress(),
            error=None,
            result=None,
            attempt=1,
            created_at=now(),
            started_at=None,
            ended_at=None,
        )
        self._records.add(job)
        return self._queue(job, kind)

    def cancel(self, job_id: str) -> Job:
        """End it; returns at once. One that has ended stays as it is.

        Raises:
            JobNotFound: there is none.
        """
        self._running.cancel(job_id)
        return self.get(job_id)

    def stop_training(self) -> str:
        """Cancel every training, and say which; "" when there was none."""
        found = [job for job in self.active() if job.kind.startswith(TRAINING)]
        for job in found:
            self.cancel(job.id)
        return ", ".join(job.subject for job in found)

    def resume(self, job_id: str) -> Job:
        """Take up a cancelled, failed or interrupted job again.

        Raises:
            JobNotFound: there is none.
            JobNotResumable: it runs, is done, or its kind is not known any more.
            StorageError: it could not be stored.
        """
        job = self.get(job_id)
        kind = self._kinds.get(job.kind)
        if not job.state.resumable or kind is None:
            raise JobNotResumable(job=job_id, state=str(job.state))
        again = replace(
            job, state=JobState.QUEUED, error=None, ended_at=None, attempt=job.attempt + 1
        )
        self._records.keep(again, wait=True)
        return self._queue(again, kind)

    def forget(self, job_id: str) -> None:
        """Remove an ended job, and what it had begun.

        Raises:
            JobNotFound: there is none.
            JobNotResumable: it is under way.
        """
        job = self.get(job_id)
        if not job.state.ended:
            raise JobNotResumable(job=job_id, state=str(job.state))
        self._records.forget(job_id)

    def log_file(self, job_id: str) -> Path:
        """Where a child's output goes; need not be there."""
        return self._records.folder(job_id) / report.LOG

    def close(self, *, end_children: bool = True) -> None:
        """End what runs; threads' work is `interrupted`.

        Without `end_children` processes go on, and are watched again by the next `recover`.
        """
        self._running.close(end_children=end_children)

    # --- inside -------------------------------------------------------------------------

    def _same(self, kind: Kind, subject: str, params: Mapping[str, Any]) -> Job | None:
        """The job that a new one would double."""
        for job in self.list(200):
            if (job.kind, job.subject) == (kind.name, subject):
                under_way = not job.state.ended
                again = job.state.resumable and dict(job.params) == dict(params)
                return job if under_way or again else None
        return None

    def _queue(self, job: Job, kind: Kind, *, attached: bool = False) -> Job:
        self._running.add(job, kind, attached=attached)
        return self.get(job.id)

    def _await(self, seen: Job, step_s: float) -> None:
        """Return when the job is not as it was seen, or after `step_s`."""
        changed = self._running.changed
        with changed:
            changed.wait_for(lambda: self._running.job(seen.id) != seen, step_s)

    def _recover_child(self, job: Job, kind: ChildKind, begin: bool) -> None:
        folder = self._records.folder(job.id)
        if job.state is JobState.QUEUED:
            if begin:
                self._queue(job, kind)
        elif report.process_of(folder) is not None or report.outcome_in(folder) is not None:
            self._queue(job, kind, attached=True)
        else:
            self._interrupt(job)

    def _interrupt(self, job: Job) -> None:
        reason = JobInterrupted().reason()
        ended = replace(job, state=JobState.INTERRUPTED, error=reason, ended_at=now())
        self._records.keep(ended, wait=True)
