"""`agents`: list, show, search, create, delete, duplicate, and the versions of their files."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.cli import agents_files
from core.cli.door import Body, open_door
from core.cli.options import Json, Storage
from core.cli.output import harmless, one_line, show, table
from core.text import N_, _

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help=N_("Agents: the characters of your rooms.")
)

AgentName = Annotated[str, typer.Argument(metavar="NAME", help=N_("The agent's name."))]
Number = Annotated[int, typer.Argument(metavar="VERSION", min=1, help=N_("A version's number."))]

_SHOWN = (
    *("description", "gender", "background", "roles", "tones", "personalities", "skills", "tools"),
    *("model", "adapter", "template", "language", "memory", "talkativeness", "source", "file"),
)


@app.command("list", help=N_("List the agents."))
def list_agents(storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.agents.list()
    lines = table([_row(one) for one in found["agents"]], _head())
    lines += [one_line(f"{one['message']} {one['hint']}") for one in found["problems"]]
    if found["deleted"]:
        names = ", ".join(found["deleted"])
        lines.append(one_line(_("Deleted, can be restored: {names}", names=names)))
    show(found, as_json, lines)


@app.command("show", help=N_("Show one agent."))
def show_agent(name: AgentName, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        agent = door.agents.get(name)
    lines = [f"name: {one_line(agent['name'])}"]
    lines += [f"{field}: {_text(agent[field])}" for field in _SHOWN if agent[field]]
    card = agent["card_info"] or {}
    lines += [f"card {field}: {_text(value)}" for field, value in card.items() if value]
    body = [""] + harmless(agent["body"]).splitlines() if agent["body"] else []
    show(agent, as_json, lines + body)


@app.command("search", help=N_("Find agents by what they are, in your own words."))
def search_agents(
    text: Annotated[str, typer.Argument(metavar="TEXT", help=N_("What you are looking for."))],
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100, help=N_("At most so many."))
    ] = 10,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.agents.search(text, limit)
    rows = [(f"{one['score']:.2f}", *_row(one["agent"]), one["why"]) for one in found["found"]]
    head = (_("Score"), *_head(), _("Why"))
    lines = table(rows, head) if rows else [_("Nobody was found.")]
    if found["problem"]:
        lines.append(one_line(f"{found['problem']['message']} {found['problem']['hint']}"))
    show(found, as_json, lines)


@app.command("create", help=N_("Create an agent."))
def create_agent(
    name: AgentName,
    description: Annotated[str, typer.Option("--description", help=N_("One sentence."))] = "",
    role: Annotated[list[str] | None, typer.Option("--role", help=N_("May be repeated."))] = None,
    tone: Annotated[list[str] | None, typer.Option("--tone", help=N_("May be repeated."))] = None,
    model: Annotated[
        str | None, typer.Option("--model", help=N_("A model reference; default: the app's."))
    ] = None,
    body: Annotated[str, typer.Option("--body", help=N_("Free text for the prompt."))] = "",
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    given: Body = {"name": name, "description": description, "body": body, "model": model}
    with open_door(storage) as door:
        agent = door.agents.create({**given, "roles": role or [], "tones": tone or []})
    show(agent, as_json, [_("Created “{name}”: {file}", name=agent["name"], file=agent["file"])])


@app.command("delete", help=N_("Delete an agent; its versions stay."))
def delete_agent(name: AgentName, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        agent = door.agents.get(name)
        door.agents.delete(name)
    text = _("Deleted “{name}”; it can be restored.", name=agent["name"])
    show({"name": agent["name"], "deleted": True}, as_json, [text])


@app.command("duplicate", help=N_("Copy an agent."))
def duplicate_agent(
    name: AgentName,
    new: Annotated[
        str | None,
        typer.Argument(metavar="NEW", help=N_("The copy's name; default: with a number.")),
    ] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        agent = door.agents.duplicate(name, new)
    show(agent, as_json, [_("Created “{name}”: {file}", name=agent["name"], file=agent["file"])])


@app.command("history", help=N_("List the versions of an agent's file."))
def history(name: AgentName, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.agents.versions(name)
    rows = [(one["version"], one["saved_at"], one["source"]) for one in found]
    lines = table(rows, (_("Version"), _("Saved"), _("Source")))
    show({"versions": found}, as_json, lines if rows else [_("There is no version yet.")])


@app.command("diff", help=N_("Compare two versions of an agent's file."))
def diff(
    name: AgentName,
    old: Number,
    new: Annotated[
        int | None,
        typer.Argument(metavar="NEW", min=1, help=N_("Default: the file as it is now.")),
    ] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.agents.diff(name, old, new)
    lines = harmless(found).splitlines() or [_("Both are equal.")]
    show({"diff": found}, as_json, lines)


@app.command("restore", help=N_("Take an older version of an agent back."))
def restore(
    name: AgentName, version: Number, storage: Storage = None, as_json: Json = False
) -> None:
    with open_door(storage) as door:
        agent = door.agents.restore(name, version)
    text = _("“{name}” is as in version {version} again.", name=agent["name"], version=version)
    show(agent, as_json, [text])


def _head() -> tuple[str, ...]:
    return _("Name"), _("Role"), _("Model"), _("Description")


def _row(agent: Body) -> tuple[Any, ...]:
    model = agent["model"] or _("default")
    return agent["name"], ", ".join(agent["roles"]), model, agent["description"]


def _text(value: Any) -> str:
    return one_line(", ".join(value) if isinstance(value, list) else str(value))


agents_files.add_to(app)
