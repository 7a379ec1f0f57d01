"""What somebody says over HTTP: stored first, then answered with the stored message."""

from __future__ import annotations

import asyncio

from fastapi.responses import JSONResponse

from core.api.context import user_name
from core.api.schemas import NewMessage
from core.rooms.frames import message_body
from core.workbench import Workbench


async def stored(
    bench: Workbench, room: str, new: NewMessage, *, owner: str, lang: str
) -> JSONResponse:
    """201 with the message, once it is stored for good.

    Raises:
        WorkbenchError: see `core.rooms.service.Rooms.post`.
    """
    said = bench.rooms.saying.post_soon(
        room,
        new.content,
        sender=new.sender or user_name(bench),
        owner=owner,
        key=new.idempotency_key,
        reply_to=new.reply_to,
        to=new.to,
    )
    message = await asyncio.wrap_future(said)
    return JSONResponse(message_body(message, lang), status_code=201)
