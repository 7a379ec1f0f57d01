"""`agents import` and `agents export`: agents as Markdown, as cards, as agents.yml."""

from __future__ import annotations

import base64
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from core.cli.door import AgentsDoor, Body, open_door
from core.cli.options import Json, Storage
from core.cli.output import show, write
from core.cli.streams import unicode_output
from core.errors import FileUnusable
from core.text import N_, _, words

_CLIENT_FILES = (".yml", ".yaml")


class Format(StrEnum):
    MARKDOWN = "md"
    JSON = "card-json"
    PNG = "card-png"
    CHARX = "card-charx"
    CLIENT = "agents-yml"


_BINARY = (Format.PNG, Format.CHARX)


def add_to(app: typer.Typer) -> None:
    app.command("import", help=N_("Make agents of a file: .md, a card, or agents.yml."))(
        import_agents
    )
    app.command("export", help=N_("Write an agent as a file."))(export)


def import_agents(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help=N_("Markdown, a card as .json, .png or .charx, or agents.yml; - reads a pipe."),
        ),
    ],
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    if file.suffix.lower() in _CLIENT_FILES:
        made = _from_client_file(file, storage)
        show({"agents": made}, as_json, [_imported(agent) for agent in made])
        return
    content = _read(file)
    with open_door(storage) as door:
        agent = door.agents.take_in(content, file.name)
    show(agent, as_json, [_imported(agent)])


def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help=N_("The agent's name."))],
    format_: Annotated[
        Format, typer.Option("--format", help=N_("Markdown, a card, or an agents.yml."))
    ] = Format.MARKDOWN,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help=N_("A new file; default: standard output.")),
    ] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        content = _written(door.agents, name, format_)
    if output is not None:
        _write_new(output, content)
        result = {"file": str(output), "format": str(format_), "bytes": len(content)}
        show(result, as_json, [_("Wrote {file}.", file=output)])
    elif as_json:
        write(_as_json(content, format_))
    elif format_ in _BINARY:
        _write_bytes(content)
    elif format_ is Format.JSON:
        write(_card(content, indent=2))
    else:
        write(content.decode().rstrip("\n"))


def _from_client_file(file: Path, storage: Path | None) -> list[Body]:
    from core.agents.client_file import agent_of
    from core.client.agents_file import load_agents

    entries = [entry.model_dump(exclude_unset=True) for entry in load_agents(file).agents]
    with open_door(storage) as door:
        return [door.agents.create(agent_of(entry), numbered=True) for entry in entries]


def _written(agents: AgentsDoor, name: str, format_: Format) -> bytes:
    if format_ is not Format.CLIENT:
        return agents.export(name, format_)
    from core.agents.client_file import entry_of, to_yaml

    return to_yaml([entry_of(agents.get(name))]).encode()


def _as_json(content: bytes, format_: Format) -> str:
    if format_ is Format.JSON:  # it is one object already
        return _card(content, indent=None)
    if format_ in _BINARY:
        packed = base64.b64encode(content).decode()
        return json.dumps({"format": str(format_), "content_base64": packed})
    body = {"format": str(format_), "content": content.decode()}
    return json.dumps(body, ensure_ascii=not unicode_output())


def _card(content: bytes, indent: int | None) -> str:
    """The card's JSON so that no terminal changes a sign of it."""
    from core.agents.cards import encode

    value = json.loads(content)
    if unicode_output():
        return encode(value, indent).decode()
    return json.dumps(value, indent=indent)


def _read(file: Path) -> bytes:
    from core.agents.cards import MAX_IMPORT_BYTES

    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(MAX_IMPORT_BYTES + 1)
        else:
            with file.open("rb") as opened:
                content = opened.read(MAX_IMPORT_BYTES + 1)
    except OSError as error:
        raise FileUnusable(file=file, detail=error.strerror or type(error).__name__) from None
    if len(content) > MAX_IMPORT_BYTES:
        detail = words(N_("larger than {limit} MB"), limit=MAX_IMPORT_BYTES // 1_000_000)
        raise FileUnusable(file=file, detail=detail)
    return content


def _write_new(file: Path, content: bytes) -> None:
    try:
        with file.open("xb") as opened:  # never over another file
            opened.write(content)
    except OSError as error:
        raise FileUnusable(file=file, detail=error.strerror or type(error).__name__) from None


def _write_bytes(content: bytes) -> None:
    if sys.stdout.isatty():
        detail = words(N_("it is no text; name a file with --output"))
        raise FileUnusable(file="-", detail=detail)
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _imported(agent: Body) -> str:
    return _("Imported “{name}”: {file}", name=agent["name"], file=agent["file"])
