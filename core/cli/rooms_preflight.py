"""`rooms preflight`: whether a room's models fit into memory, and what helps."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.cli.door import Body, open_door
from core.cli.options import Json, RoomName, Storage
from core.cli.output import show, table
from core.text import N_, _

VERDICTS = {
    "fits": N_("Everything fits."),
    "swaps": N_("Each model fits, but not all together: they take turns in memory."),
    "does_not_fit": N_("Not everything fits."),
    "unknown": N_("It is not known whether everything fits."),
}


def add_to(app: typer.Typer) -> None:
    app.command(help=N_("See whether a room's models fit into memory."))(preflight)


def preflight(
    room: RoomName,
    remedy: Annotated[
        str | None, typer.Option("--remedy", help=N_("Do what helps: context, model or share."))
    ] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        if remedy is not None:
            door.remedy(room, remedy)
        found = door.preflight(room)
    verdict = VERDICTS[found["verdict"]]
    show(found, as_json, [_(verdict), *_parts(found), *_remedies(found)])


def _parts(found: Body) -> list[str]:
    rows = [
        (one["ref"], _users(one), one["place"], _gb(one["weights_bytes"]),
         _gb(one["kv_bytes"]), _gb(one["total_bytes"]), _gb(found["available_bytes"][one["place"]]))
        for one in found["parts"]
    ]  # fmt: skip
    heads = (_("Model"), _("Members"), _("Where"), _("Weights"), _("Context"), _("All"), _("Free"))
    return table(rows, heads)


def _users(part: Body) -> str:
    return _("picks who speaks") if part["kind"] == "picker" else ", ".join(part["members"])


def _remedies(found: Body) -> list[str]:
    return [f"  --remedy {one['kind']}: {told(one)}" for one in found["remedies"]]


def told(remedy: Body) -> str:
    """What a remedy does."""
    if remedy["kind"] == "context":
        return _("a context of {tokens} tokens", tokens=remedy["context_tokens"])
    also = [_("who picks")] if remedy["picker"] else []
    names = ", ".join([*remedy["members"], *also])
    return _("{model} for {names}", model=remedy["model"], names=names)


def _gb(size: Any) -> str:
    return "–" if size is None else f"{size / 1e9:.2f} GB"
