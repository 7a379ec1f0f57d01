"""/api/v1/agents: list, search, create, read, update, delete, duplicate."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import JSONResponse

from core.agents import Agent
from core.api.agent_bodies import agent_body, changed, create, listed, searched, whole_agent_body
from core.api.agent_schemas import AgentChange, AgentList, AgentOut, Copy, FoundList, NewAgent
from core.api.context import Bench, Language, failures
from core.api.threads import in_thread
from core.errors import InvalidInput
from core.rooms.renaming import seat_under
from core.text import N_, words
from core.workbench import Workbench

router = APIRouter(prefix="/api/v1/agents", tags=["agents"])

AgentName = Annotated[str, Path(max_length=200, description="An agent's name.")]
Seen = Annotated[
    str | None, Header(alias="If-Match", description="The revision that was read, in quotes.")
]


@router.get("", response_model=AgentList, responses=failures(), summary="List the agents")
async def list_agents(
    bench: Bench,
    lang: Language,
    deleted: Annotated[bool, Query(description="Also who is gone and can be restored.")] = False,
) -> JSONResponse:
    """By name, with the files that cannot be read."""
    return JSONResponse(await in_thread(listed, bench.agents, lang, deleted=deleted))


@router.get("/search", response_model=FoundList, responses=failures(), summary="Search by meaning")
async def search_agents(
    bench: Bench,
    lang: Language,
    q: Annotated[str, Query(min_length=1, max_length=2_000, description="What is looked for.")],
    limit: Annotated[int, Query(ge=1, le=100, description="At most so many.")] = 10,
) -> JSONResponse:
    """The best first, by meaning and by words; `problem` tells why by words alone."""
    return JSONResponse(await in_thread(searched, bench.agents, q, limit, lang))


@router.post(
    "",
    status_code=201,
    response_model=AgentOut,
    responses=failures(409),
    summary="Create an agent",
)
async def create_agent(new: NewAgent, bench: Bench) -> JSONResponse:
    fields = new.model_dump(exclude_unset=True)
    agent = await in_thread(create, bench.agents, fields, numbered=new.numbered)
    return _answer(agent_body(agent), 201)


@router.get("/{name}", response_model=AgentOut, responses=failures(404), summary="Read an agent")
async def read_agent(name: AgentName, bench: Bench) -> JSONResponse:
    """Its revision stands in the body and as `ETag`."""
    agent = await in_thread(bench.agents.get, name)
    return _answer(await in_thread(whole_agent_body, bench.agents, agent))


@router.patch(
    "/{name}", response_model=AgentOut, responses=failures(404, 409), summary="Change an agent"
)
async def update_agent(
    name: AgentName, change: AgentChange, bench: Bench, if_match: Seen = None
) -> JSONResponse:
    """Refused with 409 when somebody else has changed it since that revision."""
    revision = change.revision or (if_match or "").strip().strip('"')
    if not revision:
        expected, found = words(N_("the revision that was read")), words(N_("none"))
        raise InvalidInput(field="revision", expected=expected, found=found)
    fields = change.model_dump(exclude_unset=True, exclude={"revision"})
    if fields.get("name", "") is None:
        del fields["name"]
    return _answer(agent_body(await in_thread(_update, bench, name, fields, revision)))


@router.delete("/{name}", status_code=204, responses=failures(404, 409), summary="Delete an agent")
async def delete_agent(
    name: AgentName,
    bench: Bench,
    revision: Annotated[str | None, Query(max_length=64, description="Only this one.")] = None,
) -> Response:
    """Its versions stay, and with them it can be restored. A bundled one stays as it came."""
    await in_thread(bench.agents.delete, name, revision=revision)
    return Response(status_code=204)


@router.post(
    "/{name}/duplicate",
    status_code=201,
    response_model=AgentOut,
    responses=failures(404, 409),
    summary="Copy an agent",
)
async def duplicate_agent(name: AgentName, new: Copy, bench: Bench) -> JSONResponse:
    return _answer(agent_body(await in_thread(bench.agents.duplicate, name, new.name)), 201)


def _answer(body: dict[str, Any], status: int = 200) -> JSONResponse:
    return JSONResponse(body, status_code=status, headers={"ETag": f'"{body["revision"]}"'})


def _update(bench: Workbench, name: str, fields: dict[str, Any], revision: str) -> Agent:
    old = bench.agents.get(name)
    saved = bench.agents.save(changed(old, fields), revision=revision)
    if saved.name != old.name:
        seat_under(bench.rooms, old.name, saved.name)
    return saved
