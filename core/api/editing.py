"""/api/v1/rooms/{room}/messages/{seq}…: edit, answer again, go on, swipe, vote, pin, branch."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from core.api.bodies import room_body
from core.api.context import As, Bench, Language, Owner, RoomRef, SeqPath, failures
from core.api.editing_schemas import (
    BudgetOut,
    EditList,
    FeedbackList,
    LineChange,
    NewAnswer,
    NewBranch,
    NewPin,
    NewVote,
    VariantList,
)
from core.api.schemas import MessageList, MessageOut, RoomOut
from core.api.threads import in_thread
from core.errors import explain
from core.messages import Message, Reason
from core.rooms.frames import message_body
from core.rooms.people.ears import heard, hears
from core.rooms.said.feedback import Feedback
from core.workbench import Workbench

router = APIRouter(prefix="/api/v1/rooms", tags=["rooms, editing"])
_LINE = "/{room}/messages/{seq}"
_CHANGED: dict[str, Any] = {"response_model": MessageOut, "responses": failures(404, 409, 413)}
_BEGUN: dict[str, Any] = {
    "status_code": 202,
    "response_model": MessageOut,
    "responses": failures(404, 409, 429),
}


@router.patch(_LINE, summary="Edit or pin a message", **_CHANGED)
async def change_message(
    room: RoomRef, seq: SeqPath, change: LineChange, bench: Bench, owner: Owner, lang: Language
) -> JSONResponse:
    """What is left out stays. What it said before is kept."""
    return _line(await in_thread(_changed, bench, room, seq, change, owner), lang)


@router.post(_LINE + "/regenerate", summary="Let the agent answer again", **_BEGUN)
async def regenerate(
    room: RoomRef, seq: SeqPath, new: NewAnswer, bench: Bench, owner: Owner, lang: Language
) -> JSONResponse:
    """The line is pending again; its answers so far are kept and can be swiped back to."""
    editing = bench.rooms.editing
    begun = await in_thread(editing.regenerate, room, seq, model=new.model, owner=owner)
    return _line(begun, lang, 202)


@router.post(_LINE + "/continue", summary="Let a reply that was broken off go on", **_BEGUN)
async def go_on(
    room: RoomRef, seq: SeqPath, bench: Bench, owner: Owner, lang: Language
) -> JSONResponse:
    """What stands there stays exactly; what comes is added to it."""
    begun = await in_thread(bench.rooms.editing.go_on, room, seq, owner=owner)
    return _line(begun, lang, 202)


@router.post(_LINE + "/vote", summary="Like an answer, or not", **_CHANGED)
async def vote(
    room: RoomRef, seq: SeqPath, new: NewVote, bench: Bench, owner: Owner, lang: Language
) -> JSONResponse:
    """One vote a user and answer; it counts for the answer that is shown."""
    voted = await in_thread(bench.rooms.editing.vote, room, seq, new.value, voter=owner)
    return _line(voted, lang)


@router.post(_LINE + "/pin", summary="Pin a message, or let it go", **_CHANGED)
async def pin(
    room: RoomRef, seq: SeqPath, new: NewPin, bench: Bench, lang: Language
) -> JSONResponse:
    return _line(await in_thread(bench.rooms.editing.pin, room, seq, pinned=new.pinned), lang)


@router.get(
    "/{room}/pins",
    response_model=MessageList,
    responses=failures(404),
    summary="Read the pinned messages",
)
async def read_pins(room: RoomRef, bench: Bench, lang: Language, ears: As) -> JSONResponse:
    pinned = await in_thread(bench.rooms.editing.pins, room)
    found = await in_thread(heard, bench.store, room, ears, pinned)
    return JSONResponse({"messages": [message_body(one, lang) for one in found]})


@router.get(
    _LINE + "/variants",
    response_model=VariantList,
    responses=failures(404),
    summary="Read all answers of a message",
)
async def read_variants(
    room: RoomRef, seq: SeqPath, bench: Bench, lang: Language, ears: As
) -> JSONResponse:
    """None, when `as` names nobody who heard them."""
    told = await in_thread(hears, bench.store, room, ears, seq)
    found = await in_thread(bench.rooms.editing.variants, room, seq) if told else []
    return JSONResponse({"variants": [_variant(one, lang) for one in found]})


@router.post(_LINE + "/variants/{number}", summary="Show another answer", **_CHANGED)
async def choose_variant(
    room: RoomRef,
    seq: SeqPath,
    number: Annotated[int, Path(ge=1, le=10_000, description="Which one, from 1.")],
    bench: Bench,
    lang: Language,
) -> JSONResponse:
    return _line(await in_thread(bench.rooms.editing.choose, room, seq, number), lang)


@router.get(
    _LINE + "/edits",
    response_model=EditList,
    responses=failures(404),
    summary="Read what a message said before",
)
async def read_edits(room: RoomRef, seq: SeqPath, bench: Bench, ears: As) -> JSONResponse:
    """None, when `as` names nobody who heard them."""
    told = await in_thread(hears, bench.store, room, ears, seq)
    found = await in_thread(bench.rooms.editing.edits, room, seq) if told else []
    return JSONResponse({"edits": found})


@router.post(
    _LINE + "/branch",
    status_code=201,
    response_model=RoomOut,
    responses=failures(404, 409),
    summary="Branch a room from a message",
)
async def branch(
    room: RoomRef, seq: SeqPath, new: NewBranch, bench: Bench, lang: Language
) -> JSONResponse:
    """A new room with everything up to and with this message; `origin` leads back."""
    made = await in_thread(bench.rooms.editing.branch, room, seq, new.name)
    return JSONResponse(room_body(made, lang), status_code=201)


@router.get(
    "/{room}/feedback",
    response_model=FeedbackList,
    responses=failures(404),
    summary="Read what people thought of the answers",
)
async def read_feedback(room: RoomRef, bench: Bench) -> JSONResponse:
    """Prompt, chosen and rejected, as they can be learnt from."""
    found = await in_thread(bench.rooms.editing.feedback, room)
    return JSONResponse({"feedback": [_feedback(one) for one in found]})


@router.get(
    "/{room}/budget",
    response_model=BudgetOut,
    responses=failures(404),
    summary="Read what a room may cost, and has cost",
)
async def read_budget(room: RoomRef, bench: Bench) -> JSONResponse:
    """Since it was last let go on; `joules` is left out where no card tells its power."""
    return JSONResponse(asdict(await in_thread(bench.rooms.editing.budget, room)))


@router.post(
    "/{room}/go-on",
    response_model=RoomOut,
    responses=failures(404),
    summary="Let a room that waits go on",
)
async def let_go_on(room: RoomRef, bench: Bench, lang: Language) -> JSONResponse:
    return JSONResponse(room_body(await in_thread(bench.rooms.editing.let_go_on, room), lang))


def _changed(bench: Workbench, ref: str, seq: int, change: LineChange, owner: str) -> Message:
    editing = bench.rooms.editing
    message = bench.rooms.message(ref, seq)
    if change.content is not None:
        message = editing.edit(ref, seq, change.content, editor=owner)
    if change.pinned is not None:
        message = editing.pin(ref, seq, pinned=change.pinned)
    return message


def _line(message: Message, lang: str, status: int = 200) -> JSONResponse:
    return JSONResponse(message_body(message, lang), status_code=status)


def _variant(found: dict[str, Any], lang: str) -> dict[str, Any]:
    reason = found["reason"]
    told = explain(Reason(reason["code"], reason["params"]), lang) if reason else None
    return {**found, "reason": told}


def _feedback(one: Feedback) -> dict[str, Any]:
    prompt = [{"role": message.role, "content": message.content} for message in one.prompt]
    return {
        "seq": one.seq,
        "agent": one.agent,
        "source": one.source,
        "prompt": prompt,
        "chosen": one.chosen,
        "rejected": one.rejected,
    }
