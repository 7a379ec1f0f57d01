"""/api/v1/models: with what agents can speak."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from core.api.bodies import model_body, provider_body
from core.api.context import Bench, Language, failures
from core.api.schemas import ModelList
from core.api.threads import in_thread
from core.workbench import Workbench

router = APIRouter(prefix="/api/v1")


@router.get(
    "/models",
    tags=["models"],
    response_model=ModelList,
    responses=failures(),
    summary="List models",
)
async def list_models(bench: Bench, lang: Language) -> JSONResponse:
    """All models that are there now; a server that is away is told among `providers`."""
    return JSONResponse(await in_thread(_models, bench, lang))


def _models(bench: Workbench, lang: str) -> dict[str, Any]:
    return {
        "models": [model_body(model) for model in bench.registry.models()],
        "providers": [provider_body(state, lang) for state in bench.registry.states()],
    }
