"""/api/v1/models/ladder: which models are asked for less just now, and why."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from core.api.context import Bench, Language, failures
from core.api.ladder_bodies import ladder_body
from core.api.library_bodies import DoneOut, WhichModel
from core.api.threads import in_thread

router = APIRouter(prefix="/api/v1/models/ladder", tags=["models"])


class RungOut(BaseModel):
    """Where one model stands."""

    model: str
    level: int = Field(description="How many steps down from how it is wanted.")
    rungs: int = Field(description="How many there are.")
    step: str = Field(description="context, kv, layers, quantization, model or cpu.")
    before: str
    after: str
    cause: str = Field(description="Why, as a sentence.")
    since: str


class LadderOut(BaseModel):
    ladder: list[RungOut]


@router.get("", response_model=LadderOut, responses=failures(), summary="List lowered models")
async def list_ladder(bench: Bench, lang: Language) -> JSONResponse:
    """Models that are not asked as wanted, because memory ran short; the others are not listed."""
    return JSONResponse(ladder_body(bench, lang))


@router.post(
    "/reset", response_model=DoneOut, responses=failures(), summary="Ask a model as before"
)
async def reset_ladder(wanted: WhichModel, bench: Bench) -> JSONResponse:
    """From its next answer on; it goes down again when memory is still short."""
    await in_thread(bench.ladder.reset, wanted.model)
    return JSONResponse({"model": wanted.model})
