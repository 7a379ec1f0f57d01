"""/api/v1/agents: files in and out, pictures, versions."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from core.agents import pictures
from core.agents.cards import Format, export, import_file
from core.agents.face import face
from core.api.agent_bodies import agent_body, version_bodies, version_body
from core.api.agent_schemas import AgentOut, Difference, Restore, VersionList, VersionText
from core.api.agents import AgentName
from core.api.context import Bench, failures
from core.api.schemas import MAX_SEQ
from core.api.threads import in_thread
from core.errors import NotFound

router = APIRouter(prefix="/api/v1/agents", tags=["agents"])

Number = Annotated[int, Path(ge=1, le=MAX_SEQ, description="A version's number.")]

_MEDIA = {".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/octet-stream": _BYTES}}
}


def _file(description: str) -> dict[int | str, dict[str, Any]]:
    content = {"application/octet-stream": _BYTES}
    return {200: {"description": description, "content": content}}


@router.post(
    "/import",
    status_code=201,
    response_model=AgentOut,
    responses=failures(413),
    openapi_extra=_BODY,
    summary="Make an agent of a file",
)
async def import_agent(
    request: Request,
    bench: Bench,
    filename: Annotated[
        str, Query(max_length=200, description="Its name; .md is Markdown, else it is a card.")
    ] = "card",
) -> JSONResponse:
    """The body is the file itself: Markdown, or a card as JSON, PNG or charx, up to 32 MB.

    One of the same name is never overwritten: the new one gets a number.
    """
    content = await request.body()
    agent = await in_thread(import_file, bench.agents, content, filename)
    return JSONResponse(agent_body(agent), status_code=201)


@router.get(
    "/{name}/export",
    response_class=Response,
    responses={**_file("The file."), **failures(404)},
    summary="Read an agent as a file",
)
async def export_agent(
    name: AgentName,
    bench: Bench,
    format_: Annotated[Format, Query(alias="format", description="What kind of file.")] = (
        Format.MARKDOWN
    ),
) -> Response:
    """A card keeps the version that it was imported in."""
    content, filename, media = await in_thread(export, bench.agents, name, format_)
    place = f"attachment; filename*=UTF-8''{quote(filename)}"
    return Response(content, media_type=media, headers={"Content-Disposition": place})


@router.get(
    "/{name}/avatar",
    response_class=Response,
    responses={**_file("A picture."), **failures(404)},
    summary="Read an agent's picture",
)
async def read_avatar(name: AgentName, bench: Bench) -> Response:
    """The face that is drawn from its name when it has none."""
    picture = await in_thread(bench.agents.avatar, name)
    if picture is None:
        return Response(face(bench.agents.get(name).name), media_type="image/svg+xml")
    return Response(picture, media_type=_MEDIA[pictures.ending(picture)])


@router.put(
    "/{name}/avatar",
    response_model=AgentOut,
    responses=failures(404, 413),
    openapi_extra=_BODY,
    summary="Give an agent a picture",
)
async def write_avatar(name: AgentName, request: Request, bench: Bench) -> JSONResponse:
    """The body is the picture itself: PNG, JPEG, WebP or GIF, up to 4 MB."""
    content = await request.body()
    return JSONResponse(agent_body(await in_thread(bench.agents.set_avatar, name, content)))


@router.delete(
    "/{name}/avatar",
    response_model=AgentOut,
    responses=failures(404),
    summary="Take an agent's picture away",
)
async def delete_avatar(name: AgentName, bench: Bench) -> JSONResponse:
    return JSONResponse(agent_body(await in_thread(bench.agents.set_avatar, name, None)))


@router.get(
    "/{name}/versions",
    response_model=VersionList,
    responses=failures(404),
    summary="List an agent's versions",
)
async def list_versions(name: AgentName, bench: Bench) -> JSONResponse:
    """Every text that its file has had, the newest first; of a deleted agent, too."""
    return JSONResponse({"versions": await in_thread(version_bodies, bench.agents, name)})


@router.get(
    "/{name}/versions/{version}",
    response_model=VersionText,
    responses=failures(404),
    summary="Read a version",
)
async def read_version(name: AgentName, version: Number, bench: Bench) -> JSONResponse:
    for one in await in_thread(bench.agents.versions, name):
        if one.version == version:
            return JSONResponse(version_body(one, with_content=True))
    raise NotFound(what=f"{name} {version}")


@router.get(
    "/{name}/diff",
    response_model=Difference,
    responses=failures(404),
    summary="Compare two versions",
)
async def diff_versions(
    name: AgentName,
    bench: Bench,
    old: Annotated[int, Query(ge=1, le=MAX_SEQ, description="A version's number.")],
    new: Annotated[
        int | None, Query(ge=1, le=MAX_SEQ, description="Default: the file as it is now.")
    ] = None,
) -> JSONResponse:
    return JSONResponse({"diff": await in_thread(bench.agents.diff, name, old, new)})


@router.post(
    "/{name}/restore",
    response_model=AgentOut,
    responses=failures(404, 409),
    summary="Take an older version back",
)
async def restore_agent(name: AgentName, chosen: Restore, bench: Bench) -> JSONResponse:
    """What is there now stays a version; a deleted agent comes back."""
    agent = await in_thread(bench.agents.restore, name, chosen.version)
    return JSONResponse(agent_body(agent))
