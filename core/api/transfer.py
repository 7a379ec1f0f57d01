"""Rooms as documents: out in one piece, and in again."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from core.api.bodies import room_body
from core.api.context import As, Bench, RoomRef, failures
from core.api.schemas import RoomOut
from core.api.threads import in_thread
from core.rooms.transfer.writing import document

router = APIRouter(prefix="/api/v1/rooms", tags=["rooms"])


class RoomDocument(BaseModel):
    """A room as `/export` gives it."""

    engawa_room: int
    exported_at: str
    room: dict[str, Any]
    messages: list[dict[str, Any]]


class NewCopy(BaseModel):
    model_config = ConfigDict(extra="forbid")

    document: dict[str, Any] = Field(description="What `/export` gave.")
    name: str | None = Field(None, description="Another name than the document says.")


@router.get(
    "/{room}/export",
    response_model=RoomDocument,
    responses=failures(404),
    summary="Read a whole room as a document",
)
async def export_room(room: RoomRef, bench: Bench, ears: As) -> JSONResponse:
    return JSONResponse(await in_thread(document, bench.store, room, ears))


@router.post(
    "/import",
    status_code=201,
    response_model=RoomOut,
    responses=failures(409, 413),
    summary="Make a room of a document",
)
async def import_room(new: NewCopy, bench: Bench) -> JSONResponse:
    """The same name, members and messages, numbered as they were. No round starts."""
    room = await in_thread(bench.rooms.take_in, new.document, new.name)
    return JSONResponse(room_body(room), status_code=201)
