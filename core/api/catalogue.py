"""/api/v1/agents, /api/v1/models: who can speak, and with what."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from core.api.bodies import agent_body, model_body, provider_body
from core.api.context import Bench, Language, failures
from core.api.schemas import AgentList, AgentOut, ModelList, ModelOut
from core.api.threads import in_thread
from core.workbench import Workbench

router = APIRouter(prefix="/api/v1")


@router.get(
    "/agents",
    tags=["agents"],
    response_model=AgentList,
    responses=failures(),
    summary="List agents",
)
async def list_agents(bench: Bench) -> JSONResponse:
    found = await in_thread(bench.agents.list)
    return JSONResponse({"agents": [agent_body(agent) for agent in found]})


@router.get(
    "/agents/{name}",
    tags=["agents"],
    response_model=AgentOut,
    responses=failures(404),
    summary="Read one agent",
)
async def read_agent(
    name: Annotated[str, Path(max_length=200, description="Its name.")], bench: Bench
) -> JSONResponse:
    return JSONResponse(agent_body(await in_thread(bench.agents.get, name)))


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


@router.get(
    "/models/{ref:path}",
    tags=["models"],
    response_model=ModelOut,
    responses=failures(404),
    summary="Read one model",
)
async def read_model(
    ref: Annotated[str, Path(max_length=300, description="A model reference.")], bench: Bench
) -> JSONResponse:
    return JSONResponse(model_body(await in_thread(bench.registry.info, ref)))


def _models(bench: Workbench, lang: str) -> dict[str, Any]:
    return {
        "models": [model_body(model) for model in bench.registry.models()],
        "providers": [provider_body(state, lang) for state in bench.registry.states()],
    }
