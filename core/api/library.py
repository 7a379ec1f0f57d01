"""/api/v1/models: fetch, make, load, switch, put away. What takes its time answers with a job."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse

from core.api.bodies import plan_body, whole_model_body
from core.api.context import Bench, Language, failures
from core.api.job_bodies import JobOut, job_body
from core.api.library_bodies import (
    CreateModel,
    DeletedOut,
    DoneOut,
    LoadModel,
    ModelFull,
    PlanOut,
    PullModel,
    SwitchModel,
    WhichModel,
    new_model,
)
from core.api.threads import in_thread
from core.jobs import Job
from core.workbench import Workbench

router = APIRouter(prefix="/api/v1/models", tags=["models"])


@router.post(
    "/pull",
    status_code=202,
    response_model=JobOut,
    responses=failures(),
    summary="Download a model",
)
async def pull_model(wanted: PullModel, bench: Bench, lang: Language) -> JSONResponse:
    """`ollama:NAME` through the Ollama server, `hf:OWNER/NAME` from the Hugging Face hub.

    One that did not finish is taken up again with what it had.
    """
    return _job(bench, await in_thread(bench.models.pull, wanted.model, wanted.revision), lang)


@router.post(
    "/create",
    status_code=202,
    response_model=JobOut,
    responses=failures(404),
    summary="Make a model on Ollama",
)
async def create_model(wanted: CreateModel, bench: Bench, lang: Language) -> JSONResponse:
    """A character over a base, or a model of a GGUF file or a safetensors folder."""

    def create() -> Job:
        return bench.models.create(new_model(bench, wanted.model_dump()))

    return _job(bench, await in_thread(create), lang)


@router.post(
    "/load",
    status_code=202,
    response_model=JobOut,
    responses=failures(404),
    summary="Load a model into memory",
)
async def load_model(wanted: LoadModel, bench: Bench, lang: Language) -> JSONResponse:
    """Anew, when it is there in another way. Ollama takes the context only."""
    return _job(bench, await in_thread(bench.models.load, wanted.model, wanted.options()), lang)


@router.post(
    "/switch",
    status_code=202,
    response_model=JobOut,
    responses=failures(404),
    summary="Switch to a model",
)
async def switch_model(wanted: SwitchModel, bench: Bench, lang: Language) -> JSONResponse:
    """What must leave memory leaves, the model comes; if it does not, the one before is back.

    The job's `progress.detail.steps` has the seconds of each step, as they end.
    """

    def switch() -> Job:
        return bench.models.switch(wanted.model, choose=wanted.choose)

    return _job(bench, await in_thread(switch), lang)


@router.get(
    "/plan", response_model=PlanOut, responses=failures(404), summary="Read what a switch would do"
)
async def read_plan(
    bench: Bench, model: Annotated[str, Query(max_length=300, description="A model reference.")]
) -> JSONResponse:
    return JSONResponse(plan_body(await in_thread(bench.models.plan, model)))


@router.post(
    "/unload",
    response_model=DoneOut,
    responses=failures(404),
    summary="Take a model out of memory",
)
async def unload_model(wanted: WhichModel, bench: Bench) -> JSONResponse:
    """Answers when it is gone; an answer under way is finished first."""
    await in_thread(bench.models.unload, wanted.model)
    return JSONResponse({"model": wanted.model})


@router.post(
    "/delete",
    response_model=DeletedOut,
    responses=failures(404),
    summary="Delete a model",
)
async def delete_model(wanted: WhichModel, bench: Bench) -> JSONResponse:
    """A Hugging Face folder goes to the trash of the data folder; Ollama deletes for good."""
    restorable = await in_thread(bench.models.delete, wanted.model)
    return JSONResponse({"model": wanted.model, "restorable": restorable})


@router.post(
    "/restore",
    response_model=DoneOut,
    responses=failures(404, 409),
    summary="Bring a deleted model back",
)
async def restore_model(wanted: WhichModel, bench: Bench) -> JSONResponse:
    await in_thread(bench.models.restore, wanted.model)
    return JSONResponse({"model": wanted.model})


@router.get(
    "/{ref:path}", response_model=ModelFull, responses=failures(404), summary="Read one model"
)
async def read_model(
    ref: Annotated[str, Path(max_length=300, description="A model reference.")], bench: Bench
) -> JSONResponse:
    """With its template, licence and sampling options, where it says them."""
    return JSONResponse(await in_thread(whole_model_body, bench, ref))


@router.delete(
    "/{ref:path}", response_model=DeletedOut, responses=failures(404), summary="Delete one model"
)
async def delete_one(
    ref: Annotated[str, Path(max_length=300, description="A model reference.")], bench: Bench
) -> JSONResponse:
    """The same as `/delete`, for references that can stand in a path."""
    return JSONResponse({"model": ref, "restorable": await in_thread(bench.models.delete, ref)})


def _job(bench: Workbench, job: Job, lang: str) -> JSONResponse:
    return JSONResponse(job_body(bench.jobs, job, lang), status_code=202)
