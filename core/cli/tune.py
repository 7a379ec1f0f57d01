"""`hardware tune`: how models run best on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from core.cli.door import Body, open_door
from core.cli.options import Json, Storage
from core.cli.output import one_line, show
from core.text import N_, _


def tune(
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help=N_("A model; default: list all."))
    ] = None,
    context: Annotated[int | None, typer.Option("--context", help=N_("Tokens of context."))] = None,
    batch: Annotated[
        int | None, typer.Option("--batch", help=N_("Tokens of a prompt read at once."))
    ] = None,
    gpu_layers: Annotated[
        int | None, typer.Option("--gpu-layers", help=N_("Layers on the card."))
    ] = None,
    keep_alive: Annotated[
        int | None, typer.Option("--keep-alive", help=N_("Idle seconds in memory."))
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help=N_("Set it without a comparison."))
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help=N_("Undo the model's last change."))] = False,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    given = {
        "context_tokens": context,
        "batch": batch,
        "gpu_layers": gpu_layers,
        "keep_alive_s": keep_alive,
    }
    options = {name: value for name, value in given.items() if value is not None}
    if model is None and (options or undo):
        raise typer.BadParameter(_("name a model first"), param_hint="MODEL")
    if model is not None and not options and not undo:
        raise typer.BadParameter(_("say what to try, for example --batch 1024"), param_hint="MODEL")
    with open_door(storage) as door:
        if model is not None:
            record = door.undo_tuning(model) if undo else door.tune(model, options, not apply)
            show({"record": record}, as_json, _record(record))
        else:
            found = door.tuning()
            show(found, as_json, _listed(found))


def _listed(found: Body) -> Iterator[str]:
    for ref, options in found["options"].items():
        yield _("{model} runs with {options}.", model=one_line(ref), options=_shown(options))
    for one in found["proposals"]:
        yield f"{one_line(one['model'])}: {one_line(one['text'])}  ({_shown(one['options'])})"
    for record in found["records"][:10]:
        yield from _record(record)
    if not any(found.values()):
        yield _("Nothing is tuned, and nothing seems worth a try.")


def _record(record: Body) -> Iterator[str]:
    words = {
        "kept": _("kept"),
        "dropped": _("not faster"),
        "applied": _("applied"),
        "undone": _("undone"),
    }
    change = f"{_shown(record['before'])} → {_shown(record['after'])}"
    gain = "" if record["gain"] is None else f"  {100 * record['gain']:+.0f} %"
    yield f"{one_line(record['model'])}: {change}{gain}  {words[record['outcome']]}"


def _shown(options: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in options.items()) or "-"
