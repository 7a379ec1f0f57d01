"""Whether the app is there. Open to everybody, so nothing of the user's is in it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from core.api.alive import HEALTH, PING, answer
from core.api.context import Bench
from core.api.schemas import Health, Pong

router = APIRouter(tags=["health"])


@router.get(HEALTH, response_model=Health, summary="Whether the app works")
async def health(bench: Bench) -> JSONResponse:
    """`degraded` means that reading works but nothing can be stored; `problem` is the code."""
    return answer(HEALTH, bench)


@router.get(PING, response_model=Pong, summary="Whether somebody answers")
async def ping(bench: Bench) -> JSONResponse:
    return answer(PING, bench)
