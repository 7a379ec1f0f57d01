"""/api/v1/rooms/{room}/messages/{seq}/prompt: what a model was sent for a reply."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from core.api.bodies import prompt_body
from core.api.context import Bench, Language, RoomRef, SeqPath, failures
from core.api.threads import in_thread

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
async def read_prompt(room: RoomRef, seq: SeqPath, bench: Bench, lang: Language) -> JSONResponse:
    """Word for word, and the tokens of each part."""
    found = await in_thread(bench.rooms.get, room)
    trace = await in_thread(bench.rooms.prompt, found.id, seq)
    return JSONResponse(prompt_body(found.id, seq, trace, lang))
