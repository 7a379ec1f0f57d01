"""Jobs as JSON, for routes and commands alike, and what /docs says of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from core.api.schemas import ErrorBody
from core.errors import by_code, explain
from core.jobs import Job, Jobs
from core.jobs.records import progress_body
from core.messages import Reason
from core.text import translate

LOG_BYTES = 16_384


class JobProgress(BaseModel):
    share: float | None = Field(description="0 to 1; null: unknown.")
    done_bytes: int | None
    total_bytes: int | None
    code: str | None = Field(description="What is being done just now, for programs.")
    text: str = Field(description="The same as a sentence, in the caller's language.")
    detail: dict[str, Any] = Field(description="Facts of the kind's own.")


class JobOut(BaseModel):
    id: str
    kind: str
    subject: str
    title: str
    state: Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
    params: dict[str, Any]
    progress: JobProgress
    error: ErrorBody | None
    result: dict[str, Any] | None
    attempt: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class JobList(BaseModel):
    jobs: list[JobOut]


class JobLog(BaseModel):
    log: str


def job_body(jobs: Jobs, job: Job, lang: str) -> dict[str, Any]:
    kind, words = jobs.kind(job.kind), job.progress.words
    progress = progress_body(job.progress)
    del progress["words"]
    return {
        "id": job.id,
        "kind": job.kind,
        "subject": job.subject,
        "title": kind.called(job, lang),
        "state": str(job.state),
        "params": dict(job.params),
        "progress": {
            **progress,
            "code": words.code if words else None,
            "text": kind.says(job, lang),
        },
        "error": error_body(job.error, lang),
        "result": None if job.result is None else dict(job.result),
        "attempt": job.attempt,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
    }


def error_body(reason: Reason | None, lang: str) -> dict[str, str] | None:
    """A stored reason with its next step."""
    if reason is None:
        return None
    error = by_code(reason.code)
    text, hint = explain(reason, lang), translate(error.next_step, lang, reason.params)
    return {"code": reason.code, "message": text, "hint": hint}


def log_of(jobs: Jobs, job_id: str) -> str:
    """The end of what its process printed; "" for a thread's job."""
    jobs.get(job_id)
    try:
        with jobs.log_file(job_id).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - LOG_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
