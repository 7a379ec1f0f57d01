"""The jobs that wait or run in this process: their lanes, threads and last words."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import dataclass, field, replace

from core.errors import InternalFault, JobInterrupted, StorageError, WorkbenchError
from core.jobs.child import Detached, ReportedError, attend
from core.jobs.job import Job, JobState, Progress
from core.jobs.kinds import ChildKind, Kind, Result, ThreadKind
from core.jobs.records import Records
from core.jobs.work import JobCancelled, Work
from core.logs import part_logger
from core.messages import Reason
from core.store.times import now

STORED_EVERY_S = 1.0
CLOSE_S = 10.0
_log = part_logger("jobs")


@dataclass(slots=True, eq=False)
class Live:
    """A job that waits or runs in this process."""

    job: Job
    kind: Kind
    attached: bool = False  # its process was begun by an earlier run of the app
    cancel: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    stored_at: float = 0.0

    @property
    def running(self) -> bool:
        return self.thread is not None and not self.job.state.ended


class Running:
    """Begins jobs as their lanes have room and keeps their records. Thread-safe.

    `changed` is notified with every change of a job.
    """

    def __init__(self, records: Records) -> None:
        self.changed = threading.Condition()
        self._records = records
        self._live: dict[str, Live] = {}
        self._closing = self._leaving = False

    def job(self, job_id: str) -> Job | None:
        """A job as it is this moment; `None` when it is not under way here."""
        with self.changed:
            live = self._live.get(job_id)
            return live.job if live is not None else None

    def jobs(self) -> list[Job]:
        """All that are known here, the oldest first."""
        with self.changed:
            return [live.job for live in self._live.values()]

    def add(self, job: Job, kind: Kind, *, attached: bool = False) -> None:
        """Let a stored job wait for its turn."""
        with self.changed:
            self._live[job.id] = Live(job, kind, attached)
            self.changed.notify_all()
        self._pump()

    def cancel(self, job_id: str) -> None:
        """End it, if it is under way; returns at once."""
        with self.changed:
            live = self._live.get(job_id)
            if live is None:
                return
            live.cancel.set()
            if live.thread is None:
                self._end(live, JobState.CANCELLED)

    def close(self, *, end_children: bool) -> None:
        """See `Jobs.close`."""
        with self.changed:
            self._closing, self._leaving = True, not end_children
            lives = list(self._live.values())
            for live in lives:
                live.cancel.set()
        until = time.monotonic() + CLOSE_S
        for live in lives:
            if live.thread is not None:
                live.thread.join(max(0.0, until - time.monotonic()))

    def _pump(self) -> None:
        """Begin what waits, as far as its lane has room."""
        with self.changed:
            lives = list(self._live.values())
            for live in lives:
                lane = live.kind.lane
                busy = sum(other.running for other in lives if other.kind.lane == lane)
                if live.thread is None and busy < live.kind.at_once and not self._closing:
                    name = f"job {live.kind.name}"
                    live.thread = threading.Thread(
                        target=self._run, args=(live,), name=name, daemon=True
                    )
                    live.thread.start()

    def _run(self, live: Live) -> None:
        state, error, result = JobState.DONE, None, None
        try:
            self._begin(live)
            result = self._outcome(live)
        except Detached:
            self._drop(live)
            return
        except JobCancelled:
            state = JobState.CANCELLED
        except ReportedError as failed:
            state, error = JobState.FAILED, failed.reason
        except WorkbenchError as failed:
            state, error = JobState.FAILED, failed.reason()
        except Exception as failed:
            _log.exception("job.failed", failed, ids={"job": live.job.id, "kind": live.kind.name})
            state, error = JobState.FAILED, InternalFault().reason()
        if state is not JobState.DONE and live.cancel.is_set():
            state, error = JobState.CANCELLED, None
        if state is JobState.CANCELLED and self._closing:
            state, error = JobState.INTERRUPTED, JobInterrupted().reason()
        self._end(live, state, error, result)

    def _begin(self, live: Live) -> None:
        with self.changed:
            if live.cancel.is_set():
                raise JobCancelled
            started = live.job.started_at if live.attached else now()
            live.job = replace(live.job, state=JobState.RUNNING, started_at=started)
            self.changed.notify_all()
        self._records.keep(live.job, wait=True)

    def _outcome(self, live: Live) -> Result | None:
        folder = self._records.folder(live.job.id)
        folder.mkdir(parents=True, exist_ok=True)
        if isinstance(live.kind, ThreadKind):
            work = Work(live.job, folder, live.cancel, lambda told: self._tell(live, told))
            return live.kind.run(work)
        assert isinstance(live.kind, ChildKind)
        return attend(
            live.job,
            live.kind,
            folder,
            live.cancel,
            attached=live.attached,
            leaving=lambda: self._leaving,
            tell=lambda told: self._tell(live, told),
        )

    def _tell(self, live: Live, progress: Progress) -> None:
        with self.changed:
            live.job = replace(live.job, progress=progress)
            self.changed.notify_all()
            due = time.monotonic() - live.stored_at > STORED_EVERY_S
            if due:
                live.stored_at = time.monotonic()
        if due:
            self._records.keep(live.job, wait=False)

    def _end(
        self,
        live: Live,
        state: JobState,
        error: Reason | None = None,
        result: Result | None = None,
    ) -> None:
        if state is JobState.DONE and not live.kind.keeps_folder:
            shutil.rmtree(self._records.folder(live.job.id), ignore_errors=True)
        job = replace(live.job, state=state, error=error, result=result, ended_at=now())
        try:
            self._records.keep(job, wait=True)
        except StorageError as failed:  # it stays known while the app runs
            _log.warning("job.not_stored", error=failed.code, ids={"job": job.id})
            with self.changed:
                live.job = job
                self.changed.notify_all()
        else:
            self._drop(live)
        self._pump()

    def _drop(self, live: Live) -> None:
        with self.changed:
            self._live.pop(live.job.id, None)
            self.changed.notify_all()
