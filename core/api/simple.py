"""The simple room server: four routes that a script can use with nothing but a token."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from core.api.agent_bodies import agent_body
from core.api.context import (
    After,
    As,
    Bench,
    Language,
    Limit,
    Owner,
    RoomQuery,
    failures,
    message_list,
)
from core.api.said import stored
from core.api.schemas import MemberList, MessageList, MessageOut, NewMessageSimple
from core.api.threads import in_thread
from core.errors import AgentNotFound
from core.messages import Kind
from core.rooms.model import Member
from core.rooms.people.ears import heard
from core.workbench import Workbench

router = APIRouter(prefix="/api", tags=["rooms, simple"])


@router.get("/messages", response_model=MessageList, responses=failures(404), summary="Read a room")
async def read_messages(
    bench: Bench,
    lang: Language,
    room: RoomQuery,
    ears: As,
    after: After = None,
    limit: Limit = 100,
) -> JSONResponse:
    """With `after`, the messages behind it; without, the last `limit`. Oldest first."""
    found = await in_thread(bench.rooms.messages, room, after=after, limit=limit)
    return message_list(await in_thread(heard, bench.store, room, ears, found), lang)


@router.post(
    "/message",
    status_code=201,
    response_model=MessageOut,
    responses=failures(404, 409, 413, 429),
    summary="Say something in a room",
)
async def post_message(
    new: NewMessageSimple, bench: Bench, lang: Language, owner: Owner
) -> JSONResponse:
    """Answered once it is stored for good; the room's agents answer after that."""
    return await stored(bench, new.room, new, owner=owner, lang=lang)


@router.get(
    "/agents", response_model=MemberList, responses=failures(404), summary="Who sits in a room"
)
async def room_agents(bench: Bench, room: RoomQuery) -> JSONResponse:
    """The agents of the room: this app's own and those that joined from outside."""
    return JSONResponse({"agents": await in_thread(_agents_of, bench, room)})


def _agents_of(bench: Workbench, ref: str) -> list[dict[str, object]]:
    return [_seated(bench, member) for member in bench.rooms.get(ref).members]


def _seated(bench: Workbench, member: Member) -> dict[str, object]:
    described: dict[str, object] = {"description": "", "model": member.model}
    if member.kind is Kind.AGENT:
        try:
            body = agent_body(bench.agents.get(member.name))
            described = {"description": body["description"], "model": member.model or body["model"]}
        except AgentNotFound:
            pass  # its file is gone; it still has its seat
    return {
        "name": member.name,
        "kind": str(member.kind),
        "capabilities": list(member.capabilities),
        "muted": member.muted,
        "away": member.away,
        **described,
    }
