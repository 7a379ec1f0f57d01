"""/v1: models, chat completions and embeddings, as OpenAI's clients call them."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Generator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from core.api.context import Bench, Language, Owner, failures, user_name
from core.api.openai.bridge import Bridge, Left
from core.api.openai.listing import entries, find, vectors
from core.api.openai.schemas import CompletionIn, EmbeddingsIn
from core.api.openai.shapes import DONE, Shape, error_event
from core.api.openai.voices import Asker, Voice, voice_for
from core.api.threads import in_thread
from core.errors import InternalFault, WorkbenchError
from core.logs import part_logger

router = APIRouter(prefix="/v1", tags=["OpenAI clients"])
log = part_logger("openai")

Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
CLIENT_LEFT = 499  # nobody reads it


@router.get("/models", responses=failures(), summary="List what can be asked")
async def list_models(bench: Bench) -> JSONResponse:
    """Agents, rooms, `auto`, every model that can chat, and the encoder (`embedding`)."""
    return JSONResponse({"object": "list", "data": await in_thread(entries, bench)})


@router.get("/models/{name:path}", responses=failures(404), summary="One of them")
async def read_model(
    name: Annotated[str, Path(max_length=300, description="As the list names it.")], bench: Bench
) -> JSONResponse:
    return JSONResponse(await in_thread(find, bench, name))


@router.post("/embeddings", responses=failures(404), summary="Vectors of texts")
async def embeddings(body: EmbeddingsIn, bench: Bench) -> JSONResponse:
    """From the sentence encoder of this app: `embedding`, or its own name."""
    return JSONResponse(await in_thread(vectors, bench, body))


@router.post(
    "/chat/completions",
    response_model=None,
    responses=failures(404, 409, 413, 429),
    summary="Let somebody answer",
)
async def chat_completions(
    body: CompletionIn,
    request: Request,
    bench: Bench,
    lang: Language,
    owner: Owner,
    key: Key = None,
) -> Response:
    """A room takes the last user message and streams everybody's turns; an agent or a model
    answers the messages given and keeps nothing. A retry to a room with the same
    `Idempotency-Key` says nothing twice."""
    asker = Asker(owner, user_name(bench), lang, key)
    voice = await in_thread(voice_for, bench, body, asker)
    shape = Shape(
        body.model, counts=bool(body.stream_options and body.stream_options.include_usage)
    )
    try:
        if body.stream:
            return await _streamed(voice, shape, request, lang)
        return await _whole(voice, shape, request)
    except Left:
        return Response(status_code=CLIENT_LEFT)


async def _whole(voice: Voice, shape: Shape, request: Request) -> JSONResponse:
    def once(cancel: threading.Event) -> Generator[dict[str, Any], None, None]:
        yield shape.whole(voice(cancel))

    found = await Bridge(once).first(request)
    return JSONResponse(found)


async def _streamed(voice: Voice, shape: Shape, request: Request, lang: str) -> StreamingResponse:
    def events(cancel: threading.Event) -> Generator[str, None, None]:
        yield from shape.chunks(voice(cancel))

    bridge = Bridge(events)
    first = await bridge.first(request)

    async def body() -> AsyncIterator[str]:
        yield first or ""
        try:
            async for event in bridge.values():
                yield event
            yield DONE
        except WorkbenchError as error:
            yield error_event(error, lang)
        except Exception as error:
            log.exception("stream_failed", error)
            yield error_event(InternalFault(), lang)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(body(), media_type="text/event-stream", headers=headers)
