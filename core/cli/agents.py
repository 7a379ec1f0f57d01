"""`agents list` and `agents show`."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.door import open_door
from core.cli.options import Json, Storage
from core.cli.output import harmless, one_line, show, table
from core.text import N_, _

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help=N_("Agents: the characters of your rooms.")
)

_SHOWN = ("description", "roles", "tones", "personalities", "skills", "tools", "model", "source")


@app.command("list", help=N_("List the agents."))
def list_agents(storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        agents = door.agents()
    rows = [
        (one["name"], ", ".join(one["roles"]), one["model"] or _("default"), one["description"])
        for one in agents
    ]
    lines = table(rows, (_("Name"), _("Role"), _("Model"), _("Description")))
    show({"agents": agents}, as_json, lines)


@app.command("show", help=N_("Show one agent."))
def show_agent(
    name: Annotated[str, typer.Argument(metavar="NAME", help=N_("The agent's name."))],
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        agent = door.agent(name)
    lines = [f"name: {one_line(agent['name'])}"]
    for field in _SHOWN:
        value = agent[field]
        text = ", ".join(value) if isinstance(value, list) else value
        lines += [f"{field}: {one_line(text)}"] if text else []
    body = [""] + harmless(agent["body"]).splitlines() if agent["body"] else []
    show(agent, as_json, lines + body)
