"""Jobs in the database, and the folder that each may fill."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.engine import Row

from core.jobs.job import Job, JobState, Progress
from core.messages import Reason
from core.store import Store
from core.store.tables import jobs

KEPT = 200  # ended jobs that are remembered


class Records:
    """The table `jobs`, and `folder`/<id> beside it. Thread-safe."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._folder = store, folder

    def folder(self, job_id: str) -> Path:
        """The job's own folder; it need not be there."""
        return self._folder / job_id

    def add(self, job: Job) -> None:
        """
        Raises:
            StorageError: it is not stored.
        """
        self._store.write(lambda conn: conn.execute(insert(jobs), _row(job)))

    def keep(self, job: Job, *, wait: bool) -> None:
        """Store what changed. With `wait` it is on the disk afterwards.

        Raises:
            StorageError: only with `wait`.
        """
        row = _row(job)

        def work(conn: Connection) -> None:
            conn.execute(update(jobs).where(jobs.c.id == job.id).values(row))

        stored = self._store.submit(work)
        if wait:
            stored.result()

    def one(self, job_id: str) -> Job | None:
        with self._store.read() as conn:
            row = conn.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
        return _job(row) if row else None

    def all(self, limit: int) -> list[Job]:
        """The newest first."""
        query = select(jobs).order_by(jobs.c.created_at.desc(), jobs.c.id).limit(limit)
        with self._store.read() as conn:
            return [_job(row) for row in conn.execute(query)]

    def unfinished(self) -> list[Job]:
        """Those that were waiting or running when they were last stored, the oldest first."""
        states = [str(JobState.QUEUED), str(JobState.RUNNING)]
        query = select(jobs).where(jobs.c.state.in_(states)).order_by(jobs.c.created_at)
        with self._store.read() as conn:
            return [_job(row) for row in conn.execute(query)]

    def forget(self, job_id: str) -> None:
        """Remove a job and its folder."""
        self._store.write(lambda conn: conn.execute(delete(jobs).where(jobs.c.id == job_id)))
        shutil.rmtree(self.folder(job_id), ignore_errors=True)

    def prune(self) -> None:
        """Forget all but the newest ended ones."""
        for job in self.all(10 * KEPT)[KEPT:]:
            if job.state.ended:
                self.forget(job.id)


def reason_body(reason: Reason | None) -> dict[str, Any] | None:
    return None if reason is None else {"code": reason.code, "params": dict(reason.params)}


def reason_of(body: Any) -> Reason | None:
    """What `reason_body` made; `None` for anything else."""
    match body:
        case {"code": str(code), "params": dict(params)}:
            return Reason(code, params)
    return None


def progress_body(progress: Progress) -> dict[str, Any]:
    return {
        "share": progress.share,
        "done_bytes": progress.done_bytes,
        "total_bytes": progress.total_bytes,
        "words": reason_body(progress.words),
        "detail": dict(progress.detail),
    }


def progress_of(body: Mapping[str, Any]) -> Progress:
    """What `progress_body` made; what is of another type counts as unknown."""
    detail = body.get("detail")
    return Progress(
        share=_number(body.get("share")),
        done_bytes=_count(body.get("done_bytes")),
        total_bytes=_count(body.get("total_bytes")),
        words=reason_of(body.get("words")),
        detail=detail if isinstance(detail, dict) else {},
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _row(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "subject": job.subject,
        "params": dict(job.params),
        "state": str(job.state),
        "progress": progress_body(job.progress),
        "error": reason_body(job.error),
        "result": None if job.result is None else dict(job.result),
        "attempt": job.attempt,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
    }


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        params=row.params,
        state=JobState(row.state),
        progress=progress_of(row.progress),
        error=reason_of(row.error),
        result=row.result,
        attempt=row.attempt,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
