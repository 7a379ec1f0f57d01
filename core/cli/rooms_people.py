"""`rooms join|leave|mute|budget|go-on`: who sits in a room, and what it may cost."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.cli.door import Body, open_door
from core.cli.options import Json, RoomName, Storage
from core.cli.output import show, table
from core.rooms.rules import name_key
from core.text import N_, _

AgentName = Annotated[str, typer.Argument(metavar="AGENT", help=N_("Its name."))]


def add_to(app: typer.Typer) -> None:
    app.command(help=N_("Let an agent sit in a room; it hears what is said from then on."))(join)
    app.command(help=N_("Let an agent leave a room."))(leave)
    app.command(help=N_("Let an agent listen without being asked, or ask it again."))(mute)
    app.command(help=N_("Show what a room has cost, and set what it may."))(budget)
    app.command("go-on", help=N_("Let a room that waits go on."))(go_on)


def join(room: RoomName, agent: AgentName, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        inside = _inside(door.room(room))
        found = door.change_room(room, {"members": [*inside, agent]})
    text = _("{agent} sits in “{name}”.", agent=agent, name=found["name"])
    show(found, as_json, [text])


def leave(room: RoomName, agent: AgentName, storage: Storage = None, as_json: Json = False) -> None:
    from core.errors import AgentNotFound

    with open_door(storage) as door:
        inside = _inside(door.room(room))
        staying = [name for name in inside if name_key(name) != name_key(agent)]
        if staying == inside:
            raise AgentNotFound(agent=agent)
        found = door.change_room(room, {"members": staying})
    text = _("{agent} has left “{name}”.", agent=agent, name=found["name"])
    show(found, as_json, [text])


def mute(
    room: RoomName,
    agent: AgentName,
    off: Annotated[bool, typer.Option("--off", help=N_("Let it speak again."))] = False,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.change_room(room, {"muted": {agent: not off}})
    silent = _("{agent} listens and is not asked.", agent=agent)
    show(found, as_json, [_("{agent} speaks again.", agent=agent) if off else silent])


def budget(
    room: RoomName,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            "--limit",
            help=N_("NAME=NUMBER of turns, tokens, seconds or joules; NAME=none takes it away."),
        ),
    ] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        if limit:
            door.change_room(room, {"limits": _limits(limit)})
        found = door.editing.budget(room)
    show(found, as_json, _rows(found))


def go_on(room: RoomName, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.editing.let_go_on(room)
    show(found, as_json, [_("“{name}” goes on.", name=found["name"])])


def _inside(room: Body) -> list[str]:
    return [one["name"] for one in room["members"] if one["kind"] == "agent"]


def _limits(pairs: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        name, _equals, value = pair.partition("=")
        try:
            found[name] = None if value == "none" else float(value)
        except ValueError:
            raise typer.BadParameter(_("expected NAME=NUMBER"), param_hint="--limit") from None
    return found


def _rows(found: Body) -> list[str]:
    from core.rooms.limits.budget import LIMITS

    rows = [
        (name, _known(found["spent"].get(name)), _known(found["limits"].get(name)))
        for name in LIMITS
    ]
    return table(rows, (_("What"), _("So far"), _("At most")))


def _known(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
