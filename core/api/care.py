"""/api/v1/quota, /cache, /circuits and an agent's /errors: how conversations are looked after."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse

from core.api.care_schemas import AgentErrors, CacheOut, CircuitList, ClearedOut, QuotaOut
from core.api.context import Bench, Language, Owner, failures
from core.api.threads import in_thread
from core.errors import explain
from core.providers.breaker import CircuitState
from core.rooms.troubles import Trouble
from core.workbench import Workbench

router = APIRouter(prefix="/api/v1")


@router.get(
    "/quota",
    tags=["care"],
    response_model=QuotaOut,
    responses=failures(),
    summary="Read your quotas",
)
async def read_quota(bench: Bench, owner: Owner, lang: Language) -> JSONResponse:
    """What was used of the messages a minute and the tokens a day."""
    return JSONResponse(await in_thread(_quota, bench, owner, lang))


@router.get(
    "/cache",
    tags=["care"],
    response_model=CacheOut,
    responses=failures(),
    summary="Read the answer cache's counts",
)
async def read_cache(bench: Bench) -> JSONResponse:
    return JSONResponse(asdict(await in_thread(bench.rooms.care.cache.counts)))


@router.delete(
    "/cache",
    tags=["care"],
    response_model=ClearedOut,
    responses=failures(),
    summary="Clear the answer cache",
)
async def clear_cache(bench: Bench) -> JSONResponse:
    """Every model is asked anew from now on."""
    return JSONResponse({"cleared": await in_thread(bench.rooms.care.cache.clear)})


@router.get(
    "/circuits",
    tags=["care"],
    response_model=CircuitList,
    responses=failures(),
    summary="Read which model servers are left alone",
)
async def read_circuits(bench: Bench) -> JSONResponse:
    """One circuit a server that was asked since the app started."""
    return JSONResponse({"circuits": [_circuit(state) for state in bench.registry.circuits()]})


@router.get(
    "/agents/{name}/errors",
    tags=["care"],
    response_model=AgentErrors,
    responses=failures(404),
    summary="Read what went wrong with an agent's replies",
)
async def read_errors(
    name: Annotated[str, Path(max_length=200, description="Its name.")],
    bench: Bench,
    lang: Language,
    limit: Annotated[int, Query(ge=1, le=200, description="At most so many.")] = 20,
) -> JSONResponse:
    return JSONResponse(await in_thread(_errors, bench, name, limit, lang))


def _quota(bench: Workbench, owner: str, lang: str) -> dict[str, Any]:
    quota = bench.rooms.care.quotas.state(owner)
    return {
        "owner": owner,
        "requests_a_minute": asdict(quota.requests),
        "tokens_a_day": asdict(quota.tokens),
        "reached": quota.reached.as_dict(lang) if quota.reached else None,
        "retry_after_s": quota.reached.retry_after_s if quota.reached else None,
    }


def _circuit(state: CircuitState) -> dict[str, Any]:
    return {
        "name": state.server.name,
        "host": state.server.host,
        "state": str(state.circuit),
        "failures": state.failures,
        "retry_in_s": state.retry_in_s,
        "cause": state.cause,
    }


def _errors(bench: Workbench, name: str, limit: int, lang: str) -> dict[str, Any]:
    troubles = bench.rooms.record.troubles(bench.agents.get(name).name, limit)
    return {
        "errors": [_error(one, lang) for one in troubles.last],
        "kinds": dict(troubles.kinds),
    }


def _error(one: Trouble, lang: str) -> dict[str, Any]:
    return {
        "code": one.code,
        "message": explain(one.reason, lang),
        "status": str(one.status),
        "model": one.model,
        "room": one.room,
        "seq": one.seq,
        "at": one.at,
    }
