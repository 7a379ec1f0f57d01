"""`rooms policies|policy|next|queue`: how a room takes turns."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from core.cli.door import Body, open_door
from core.cli.options import Json, RoomName, Storage
from core.cli.output import show, table
from core.text import N_, _


def add_to(app: typer.Typer) -> None:
    app.command(help=N_("List the ways of taking turns."))(policies)
    app.command(help=N_("Say how a room takes turns."))(policy)
    app.command("next", help=N_("Give an agent of a room the word."))(give_turn)
    app.command(help=N_("Show who speaks, who is next and why, and what the rounds cost."))(queue)


def policies(storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.policies()
    rows = [(one["name"], one["explained"], _options(one)) for one in found]
    lines = table(rows, (_("Name"), _("What it does"), _("What can be set")))
    show({"policies": found}, as_json, lines)


def policy(
    room: RoomName,
    name: Annotated[str, typer.Argument(metavar="POLICY", help=N_("Which one."))],
    option: Annotated[
        list[str] | None,
        typer.Option("--set", help=N_("NAME=VALUE of what can be set; several times if need be.")),
    ] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    change: dict[str, Any] = {"policy": name, "policy_options": _given(option or [])}
    with open_door(storage) as door:
        found = door.change_room(room, change)
    text = _("“{name}” takes turns by “{policy}” now.", name=found["name"], policy=name)
    show(found, as_json, [text])


def give_turn(
    room: RoomName,
    agent: Annotated[str, typer.Argument(metavar="AGENT", help=N_("Who speaks next."))],
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        door.give_turn(room, agent)
    show({"agent": agent}, as_json, [_("“{agent}” has the word.", agent=agent)])


def queue(room: RoomName, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.queue(room)
    show(found, as_json, [*_now(found), *_rounds(found["rounds"])])


def _given(pairs: list[str]) -> dict[str, Any]:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(_("expected NAME=VALUE"), param_hint="--set")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _options(policy: Body) -> str:
    return ", ".join(f"{one['name']}={json.dumps(one['default'])}" for one in policy["options"])


def _now(found: Body) -> list[str]:
    lines = []
    if found["speaking"]:
        lines.append(_("{name} speaks.", name=", ".join([found["speaking"], *found["also"]])))
    if found["ahead"]:
        lines.append(_("It waits: {n} turns of other rooms come first.", n=found["ahead"]))
    for one in found["next"]:
        loads = _("loads a model") if one["loads"] else _("no load")
        parts = [one["why"] or "", one["model"], "" if one["loads"] is None else loads]
        lines.append(f"  {one['agent']}: " + ", ".join(filter(None, parts)))
    return lines or [_("Nobody speaks.")]


def _rounds(rounds: list[Body]) -> list[str]:
    rows = [
        (one["trigger_seq"], one["policy"], one["turns"], _known(one["loads"]),
         _known(one["naive_loads"]), _known(one["saved_s"]))
        for one in rounds
    ]  # fmt: skip
    heads = (_("Message"), _("Policy"), _("Turns"), _("Loads"), _("In its order"), _("Saved (s)"))
    return table(rows, heads) if rows else []


def _known(value: Any) -> str:
    return "–" if value is None else f"{value:g}"
