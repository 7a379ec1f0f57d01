"""/api/v1/jobs: work in the background."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import APIRouter, Path, Response
from fastapi.responses import JSONResponse, StreamingResponse

from core.api.context import Bench, Language, Limit, failures
from core.api.job_bodies import JobList, JobLog, JobOut, job_body, log_of
from core.api.threads import in_thread
from core.workbench import Workbench

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

JobId = Annotated[str, Path(max_length=40, description="A job's id.")]
LOOK_S = 0.25
ALIVE_S = 15.0


@router.get("", response_model=JobList, responses=failures(), summary="List jobs")
async def list_jobs(bench: Bench, lang: Language, limit: Limit = 50) -> JSONResponse:
    """The newest first; running and ended ones."""
    found = await in_thread(bench.jobs.list, limit)
    return JSONResponse({"jobs": [job_body(bench.jobs, job, lang) for job in found]})


@router.get("/{job}", response_model=JobOut, responses=failures(404), summary="Read one job")
async def read_job(job: JobId, bench: Bench, lang: Language) -> JSONResponse:
    return JSONResponse(job_body(bench.jobs, await in_thread(bench.jobs.get, job), lang))


@router.get(
    "/{job}/log",
    response_model=JobLog,
    responses=failures(404),
    summary="Read what a job's process printed",
)
async def read_log(job: JobId, bench: Bench) -> JSONResponse:
    """The last 16 kB; empty for work that has no process of its own."""
    return JSONResponse({"log": await in_thread(log_of, bench.jobs, job)})


@router.get(
    "/{job}/events",
    response_class=StreamingResponse,
    responses={
        200: {"description": "Server-sent events.", "content": {"text/event-stream": {}}},
        **failures(404),
    },
    summary="Follow a job",
)
async def follow_job(job: JobId, bench: Bench, lang: Language) -> StreamingResponse:
    """The job now and after each change, each as `data: {…}`; the stream ends with the job."""
    await in_thread(bench.jobs.get, job)
    return StreamingResponse(_events(bench, job, lang), media_type="text/event-stream")


@router.post(
    "/{job}/cancel", response_model=JobOut, responses=failures(404), summary="Cancel a job"
)
async def cancel_job(job: JobId, bench: Bench, lang: Language) -> JSONResponse:
    """Returns at once; the job is `cancelled` soon after. An ended one stays as it is."""
    return JSONResponse(job_body(bench.jobs, await in_thread(bench.jobs.cancel, job), lang))


@router.post(
    "/{job}/resume",
    response_model=JobOut,
    responses=failures(404, 409),
    summary="Take a job up again",
)
async def resume_job(job: JobId, bench: Bench, lang: Language) -> JSONResponse:
    """One that was cancelled, failed or interrupted goes on with what it had."""
    return JSONResponse(job_body(bench.jobs, await in_thread(bench.jobs.resume, job), lang))


@router.delete(
    "/{job}", status_code=204, responses=failures(404, 409), summary="Forget an ended job"
)
async def forget_job(job: JobId, bench: Bench) -> Response:
    """What it had begun, such as half a download, is removed."""
    await in_thread(bench.jobs.forget, job)
    return Response(status_code=204)


async def _events(bench: Workbench, job_id: str, lang: str) -> AsyncIterator[str]:
    last, silent_s = None, 0.0
    while True:
        job = await in_thread(bench.jobs.get, job_id)
        silent_s += LOOK_S
        if job != last:
            yield f"data: {json.dumps(job_body(bench.jobs, job, lang), ensure_ascii=False)}\n\n"
            last, silent_s = job, 0.0
        elif silent_s > ALIVE_S:
            yield ": alive\n\n"
            silent_s = 0.0
        if job.state.ended:
            return
        await anyio.sleep(LOOK_S)
