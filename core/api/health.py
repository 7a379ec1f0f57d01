"""Whether the app is there. Open to everybody, so nothing of the user's is in it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from core import __version__
from core.api.context import Bench
from core.api.schemas import Health, Pong

router = APIRouter(tags=["health"])


@router.get("/health", response_model=Health, summary="Whether the app works")
async def health(bench: Bench) -> JSONResponse:
    """`degraded` means that reading works but nothing can be stored; `problem` is the code."""
    problem = bench.store.problem
    status = "degraded" if problem else "ok"
    code = problem.code if problem else None
    return JSONResponse({"status": status, "version": __version__, "problem": code})


@router.get("/ping", response_model=Pong, summary="Whether somebody answers")
async def ping() -> JSONResponse:
    return JSONResponse({"ping": "pong"})
