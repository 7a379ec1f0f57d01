"""What every route shares: the open workbench, the caller's language, common parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from fastapi.responses import JSONResponse

from core.api.access import LOCAL_OWNER
from core.api.call import Call
from core.api.schemas import MAX_SEQ, Failure
from core.messages import Message
from core.rooms.frames import message_body
from core.workbench import Workbench


def _bench(request: Request) -> Workbench:
    open_workbench: Callable[[], Workbench] = request.app.state.workbench
    return open_workbench()


def _language(request: Request) -> str:
    return Call(request.scope).language


def _owner(request: Request) -> str:
    caller = request.scope.get("state", {}).get("caller")
    return caller.owner if caller is not None else LOCAL_OWNER


Bench = Annotated[Workbench, Depends(_bench)]
Language = Annotated[str, Depends(_language)]
Owner = Annotated[str, Depends(_owner)]
RoomRef = Annotated[str, Path(description="A room's id or name.", max_length=200)]
RoomQuery = Annotated[str, Query(description="A room's id or name.", max_length=200)]
SeqPath = Annotated[int, Path(ge=0, le=MAX_SEQ, description="A message's number in its room.")]
After = Annotated[
    int | None, Query(ge=0, le=MAX_SEQ, description="Only messages with a greater seq.")
]
Before = Annotated[
    int | None, Query(ge=0, le=MAX_SEQ, description="Only messages with a smaller seq.")
]
As = Annotated[
    list[str],
    Query(
        default_factory=list,
        alias="as",
        max_length=20,
        description="Members or people for whom this is read: what they have not heard comes"
        " without its words.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many.")]


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for /docs: those named, and what every route may answer."""
    return {status: {"model": Failure} for status in sorted({401, 403, 422, 503, *statuses})}


def message_list(messages: list[Message], lang: str) -> JSONResponse:
    return JSONResponse({"messages": [message_body(message, lang) for message in messages]})


def user_name(bench: Workbench) -> str:
    """The name of somebody who gives none."""
    chosen = bench.preferences.get("user_name")
    return chosen if isinstance(chosen, str) and chosen else bench.settings.rooms.user_name
