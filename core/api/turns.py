"""How a room takes turns: the policies there are, who is next and why, and giving the word."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from core.api.bodies import room_body
from core.api.context import As, Bench, Language, RoomRef, failures
from core.api.schemas import RoomOut
from core.api.threads import in_thread
from core.api.turn_bodies import policy_body, queue_body
from core.api.turn_schemas import NextTurn, PolicyList, PreflightOut, QueueOut, RemedyChoice
from core.rooms.policies import POLICIES

router = APIRouter(prefix="/api/v1", tags=["rooms"])


@router.get(
    "/policies", response_model=PolicyList, responses=failures(), summary="List the turn policies"
)
async def list_policies(lang: Language) -> JSONResponse:
    """What each does, and what can be set about it."""
    return JSONResponse({"policies": [policy_body(one, lang) for one in POLICIES.values()]})


@router.get(
    "/rooms/{room}/queue",
    response_model=QueueOut,
    responses=failures(404),
    summary="Read who is next in a room",
)
async def read_queue(room: RoomRef, bench: Bench, lang: Language, ears: As) -> JSONResponse:
    """With `as` only those named are told why they are next: a reason may quote a whisper."""
    return JSONResponse(await in_thread(queue_body, bench.rooms, room, lang, ears))


@router.post(
    "/rooms/{room}/next",
    status_code=204,
    responses=failures(404),
    summary="Give an agent the word",
)
async def give_turn(room: RoomRef, turn: NextTurn, bench: Bench) -> Response:
    """It speaks after those that are due already, whatever the room's policy."""
    await in_thread(bench.rooms.give_turn, room, turn.agent)
    return Response(status_code=204)


@router.get(
    "/rooms/{room}/preflight",
    response_model=PreflightOut,
    responses=failures(404),
    summary="See whether a room's models fit",
)
async def read_preflight(room: RoomRef, bench: Bench) -> JSONResponse:
    """Weights, keys and values of every member's model and the encoder, against what is free."""
    return JSONResponse(asdict(await in_thread(bench.preflights.of, room)))


@router.post(
    "/rooms/{room}/preflight",
    response_model=RoomOut,
    responses=failures(404),
    summary="Make a room's models fit",
)
async def apply_remedy(room: RoomRef, choice: RemedyChoice, bench: Bench) -> JSONResponse:
    """Does what one of the offered remedies says."""
    return JSONResponse(room_body(await in_thread(bench.preflights.apply, room, choice.remedy)))
