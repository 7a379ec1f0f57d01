"""/api/v1/hardware/tuning: how models run best here: proposed, tried, kept, undone."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from core.api.context import Bench, Language, failures
from core.api.threads import in_thread
from core.api.tuning_bodies import record_body, tuning_body
from core.tuning import Tuned

router = APIRouter(prefix="/api/v1/hardware/tuning", tags=["hardware"])

Ref = Annotated[str, Path(max_length=300, description="A model's reference.")]


class TunedIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    context_tokens: int | None = Field(None, description="Its context.")
    batch: int | None = Field(None, description="Tokens of a prompt read at once (Ollama).")
    gpu_layers: int | None = Field(None, description="Layers on the card; the rest beside it.")
    keep_alive_s: int | None = Field(None, description="Idle seconds in memory (Ollama).")


class TuneIn(BaseModel):
    model: str = Field(max_length=300, description="A model's reference.")
    options: TunedIn
    compare: bool = Field(True, description="Keep it only if it proves faster.")


class TuningOut(BaseModel):
    options: dict[str, dict[str, int]] = Field(description="What is set, by model.")
    proposals: list[dict[str, Any]]
    records: list[dict[str, Any]] = Field(description="What was tried, the newest first.")


@router.get("", response_model=TuningOut, responses=failures(), summary="Read the tuning")
async def read_tuning(bench: Bench, lang: Language) -> JSONResponse:
    """What is set for each model, what seems worth a try, and what was tried."""
    return JSONResponse(await in_thread(tuning_body, bench.tuning, lang))


@router.post("", responses=failures(404, 422), summary="Try or apply a setting")
async def tune(asked: TuneIn, bench: Bench) -> JSONResponse:
    """Compared, as a job (`{"job": id}`), or applied at once (`{"record": …}`)."""
    tuned = Tuned.read(asked.options.model_dump(exclude_none=True))
    if asked.compare:
        job = await in_thread(bench.tuning.compare, asked.model, tuned)
        return JSONResponse({"job": job.id}, status_code=202)
    record = await in_thread(bench.tuning.apply, asked.model, tuned)
    return JSONResponse({"record": record_body(record)})


@router.delete("/{ref:path}", responses=failures(404), summary="Undo the last change of a model")
async def undo(ref: Ref, bench: Bench) -> JSONResponse:
    """What was set before it counts again."""
    return JSONResponse({"record": record_body(await in_thread(bench.tuning.undo, ref))})
