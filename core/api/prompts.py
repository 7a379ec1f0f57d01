"""/api/v1/rooms/{room}/messages/{seq}/prompt: what a model was sent for a reply."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from core.api.bodies import prompt_body
from core.api.context import As, Bench, Language, RoomRef, SeqPath, failures
from core.api.threads import in_thread
from core.errors import PromptNotKept
from core.rooms.rules import is_one_of

router = APIRouter(prefix="/api/v1/rooms", tags=["rooms"])


class PartOut(BaseModel):
    name: Literal["system", "lorebook", "examples", "memories", "summary", "transcript", "task"]
    tokens: int
    chars: int
    note: str | None = Field(description="How it came to be, in the caller's language.")


class SentOut(BaseModel):
    role: Literal["system", "user", "assistant"]
    content: str


class PromptOut(BaseModel):
    """`exact`: counted by the model's own tokenizer; else the tokens are an estimate."""

    room: str
    seq: int
    model: str
    template: str
    rule: str = Field(description="The rule that chose the template.")
    tokens: int
    exact: bool
    parts: list[PartOut]
    messages: list[SentOut]


@router.get(
    "/{room}/messages/{seq}/prompt",
    response_model=PromptOut,
    responses=failures(404),
    summary="Read what was sent for a reply",
)
async def read_prompt(
    room: RoomRef, seq: SeqPath, bench: Bench, lang: Language, ears: As
) -> JSONResponse:
    """Word for word, and the tokens of each part.

    It holds all that the speaker heard and remembers: with `as` only the speaker has it.
    """
    found = await in_thread(bench.rooms.get, room)
    trace = await in_thread(bench.rooms.record.prompt, found.id, seq)
    if ears and not is_one_of((await in_thread(bench.rooms.message, found.id, seq)).sender, ears):
        raise PromptNotKept(seq=seq)
    return JSONResponse(prompt_body(found.id, seq, trace, lang))
