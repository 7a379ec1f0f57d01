"""/api/v1/hardware: the machine now, how it went, what happened to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from core.api.context import Bench, Language, Limit, failures
from core.api.hardware_bodies import event_body, series_body, snapshot_body
from core.api.hardware_schemas import HardwareOut, HistoryOut, MachineEventList
from core.api.schemas import MAX_SEQ
from core.api.threads import in_thread
from core.hardware.telemetry import LONGEST_S, POINTS

router = APIRouter(prefix="/api/v1/hardware", tags=["hardware"])

Seconds = Annotated[int, Query(ge=10, le=LONGEST_S, description="How far back, up to a week.")]
Points = Annotated[int, Query(ge=1, le=4_000, description="At most about so many.")]
Before = Annotated[int | None, Query(ge=0, le=MAX_SEQ, description="Only with a smaller id.")]


@router.get("", response_model=HardwareOut, responses=failures(), summary="Read the machine")
async def read_hardware(bench: Bench) -> JSONResponse:
    """The last reading: host, NVIDIA cards, models in memory. It is at most a second old."""
    return JSONResponse(snapshot_body(await in_thread(bench.telemetry.latest)))


@router.get(
    "/history",
    response_model=HistoryOut,
    responses=failures(),
    summary="Read the machine's history",
)
async def read_history(
    bench: Bench, seconds: Seconds = 3_600, points: Points = POINTS
) -> JSONResponse:
    """Means over equal steps; up to an hour back made of seconds, beyond it of minutes."""
    return JSONResponse(series_body(await in_thread(bench.telemetry.history, seconds, points)))


@router.get(
    "/events",
    response_model=MachineEventList,
    responses=failures(),
    summary="List what happened to the machine",
)
async def list_events(
    bench: Bench, lang: Language, limit: Limit = 100, before: Before = None
) -> JSONResponse:
    """The newest first."""
    found = await in_thread(bench.telemetry.events, limit, before)
    return JSONResponse({"events": [event_body(event, lang) for event in found]})
