"""`rooms prompt`: what a model was sent for a reply."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.door import Body, open_door
from core.cli.options import Json, RoomName, Storage
from core.cli.output import harmless, show, table
from core.text import N_, _


def add_to(app: typer.Typer) -> None:
    app.command("prompt", help=N_("Print what a model was sent for a reply."))(prompt)


def prompt(
    room: RoomName,
    seq: Annotated[
        int, typer.Argument(metavar="SEQ", min=1, help=N_("The number of its message."))
    ],
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.prompt(room, seq)
    show(found, as_json, _lines(found))


def _lines(found: Body) -> list[str]:
    head = (_("Part"), _("Tokens"), _("Note"))
    parts = [
        (part["name"], part["tokens"], part["note"] or "")
        for part in found["parts"]
        if part["tokens"]
    ]
    sent = [
        line
        for message in found["messages"]
        for line in ("", f"--- {message['role']} ---", harmless(message["content"]))
    ]
    facts = _(
        "{model}: {tokens} tokens, template {template}, rule “{rule}”",
        **{name: found[name] for name in ("model", "tokens", "template", "rule")},
    )
    return [facts, *table(parts, head), *sent]
