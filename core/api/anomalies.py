"""/api/v1/hardware/anomalies: what is wrong with the machine, by which rules, and help."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from core.api.context import Bench, Language, failures
from core.api.hardware_bodies import anomalies_body
from core.api.schemas import ErrorBody
from core.api.threads import in_thread

router = APIRouter(prefix="/api/v1/hardware", tags=["hardware"])


class AnomalyOut(BaseModel):
    rule: str
    subject: str = Field(description="A card's index, a model or a server.")
    since: str
    number: str = Field(description="The number that the rule watches.")
    value: float
    text: str = Field(description="As a sentence, in the caller's language.")
    actions: list[str] = Field(description="What can be done about it.")


class AnomalyList(BaseModel):
    anomalies: list[AnomalyOut]
    rules: list[dict[str, Any]] = Field(description="As in anomaly_rules.yaml.")
    problem: ErrorBody | None = Field(description="What is wrong with your own file of rules.")


class Recover(BaseModel):
    action: str = Field(max_length=40, description="retry, unload_idle, restart_client …")
    subject: str = Field("", max_length=300, description="What it is to be done to.")


class Recovered(BaseModel):
    action: str
    what: str = Field(description='What it was done to; "": there was nothing to do.')


@router.get(
    "/anomalies",
    response_model=AnomalyList,
    responses=failures(),
    summary="List what is wrong with the machine",
)
async def list_anomalies(bench: Bench, lang: Language) -> JSONResponse:
    """What is wrong now, the longest first, and the rules that say so."""
    return JSONResponse(await in_thread(anomalies_body, bench.guard, bench.telemetry, lang))


@router.post(
    "/recover", response_model=Recovered, responses=failures(), summary="Put something right"
)
async def recover(asked: Recover, bench: Bench) -> JSONResponse:
    """Do one of the steps of recovery now, whatever its limit."""
    done = await in_thread(bench.guard.act, asked.action, asked.subject)
    return JSONResponse({"action": asked.action, "what": done})
