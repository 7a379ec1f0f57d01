"""/api/v1/rooms: list, create, read, update, delete, restore; members, messages, stop."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from core.api.bodies import room_body, summary_body
from core.api.context import (
    After,
    As,
    Before,
    Bench,
    Language,
    Limit,
    Owner,
    RoomRef,
    SeqPath,
    failures,
    message_list,
)
from core.api.said import stored
from core.api.schemas import (
    MessageList,
    MessageOut,
    NewMessage,
    NewRoom,
    RoomChange,
    RoomList,
    RoomOut,
)
from core.api.threads import in_thread
from core.rooms.frames import message_body
from core.rooms.model import Room
from core.rooms.people.ears import heard
from core.workbench import Workbench

router = APIRouter(prefix="/api/v1/rooms", tags=["rooms"])


@router.get("", response_model=RoomList, responses=failures(), summary="List the rooms")
async def list_rooms(
    bench: Bench,
    lang: Language,
    deleted: Annotated[bool, Query(description="The deleted ones instead.")] = False,
) -> JSONResponse:
    """The most recently used first."""
    found = await in_thread(bench.rooms.list, deleted=deleted)
    return JSONResponse({"rooms": [summary_body(summary, lang) for summary in found]})


@router.post(
    "",
    status_code=201,
    response_model=RoomOut,
    responses=failures(404, 409),
    summary="Create a room",
)
async def create_room(new: NewRoom, bench: Bench, lang: Language) -> JSONResponse:
    room = await in_thread(bench.rooms.create, new.name, new.members, new.policy)
    return JSONResponse(room_body(room, lang), status_code=201)


@router.get("/{room}", response_model=RoomOut, responses=failures(404), summary="Read a room")
async def read_room(room: RoomRef, bench: Bench, lang: Language) -> JSONResponse:
    return JSONResponse(room_body(await in_thread(bench.rooms.get, room), lang))


@router.patch(
    "/{room}", response_model=RoomOut, responses=failures(404, 409), summary="Change a room"
)
async def update_room(room: RoomRef, change: RoomChange, bench: Bench) -> JSONResponse:
    """Its name, who sits in it, how they take turns, and which model a member uses here."""
    return JSONResponse(room_body(await in_thread(update, bench, room, change)))


@router.delete("/{room}", status_code=204, responses=failures(404), summary="Delete a room")
async def delete_room(room: RoomRef, bench: Bench) -> Response:
    """It can be restored for 30 days."""
    await in_thread(bench.rooms.delete, room)
    return Response(status_code=204)


@router.post(
    "/{room}/restore",
    response_model=RoomOut,
    responses=failures(404, 409),
    summary="Bring a deleted room back",
)
async def restore_room(room: RoomRef, bench: Bench) -> JSONResponse:
    return JSONResponse(room_body(await in_thread(bench.rooms.restore, room)))


@router.post(
    "/{room}/stop", status_code=204, responses=failures(404), summary="End the round in a room"
)
async def stop_room(room: RoomRef, bench: Bench) -> Response:
    """The reply that is being written is kept as `stopped`."""
    await in_thread(bench.rooms.stop, room)
    return Response(status_code=204)


@router.get(
    "/{room}/messages",
    response_model=MessageList,
    responses=failures(404),
    summary="Read a room's messages",
)
async def list_messages(
    room: RoomRef,
    bench: Bench,
    lang: Language,
    ears: As,
    after: After = None,
    before: Before = None,
    limit: Limit = 100,
) -> JSONResponse:
    """Oldest first; without `after` the last `limit`."""
    given = {"after": after, "before": before}
    found = await in_thread(bench.rooms.messages, room, **given, limit=limit)
    return message_list(await in_thread(heard, bench.store, room, ears, found), lang)


@router.post(
    "/{room}/messages",
    status_code=201,
    response_model=MessageOut,
    responses=failures(404, 409, 413, 429),
    summary="Say something in a room",
)
async def post_message(
    room: RoomRef, new: NewMessage, bench: Bench, lang: Language, owner: Owner
) -> JSONResponse:
    return await stored(bench, room, new, owner=owner, lang=lang)


@router.get(
    "/{room}/messages/{seq}",
    response_model=MessageOut,
    responses=failures(404),
    summary="Read one message",
)
async def read_message(
    room: RoomRef, seq: SeqPath, bench: Bench, lang: Language, ears: As
) -> JSONResponse:
    found = await in_thread(bench.rooms.message, room, seq)
    (told,) = await in_thread(heard, bench.store, room, ears, [found])
    return JSONResponse(message_body(told, lang))


@router.delete(
    "/{room}/messages/{seq}",
    response_model=MessageOut,
    responses=failures(404, 409),
    summary="Delete a message",
)
async def delete_message(room: RoomRef, seq: SeqPath, bench: Bench, lang: Language) -> JSONResponse:
    """Its words are gone; a tombstone keeps the numbers gapless."""
    return JSONResponse(message_body(await in_thread(bench.rooms.delete_message, room, seq), lang))


def update(bench: Workbench, ref: str, change: RoomChange) -> Room:
    """Make a change; raises what the parts of it raise."""
    room = bench.rooms.get(ref)
    if change.name is not None or change.members is not None:
        room = bench.rooms.update(room.id, name=change.name, members=change.members)
    if change.policy is not None or change.policy_options is not None:
        room = bench.rooms.set_policy(room.id, change.policy, change.policy_options)
    for member, model in (change.models or {}).items():
        room = bench.rooms.set_model(room.id, member, model)
    for member, muted in (change.muted or {}).items():
        room = bench.rooms.mute(room.id, member, muted=muted)
    if change.limits is not None:
        room = bench.rooms.editing.limit(room.id, change.limits)
    return room
