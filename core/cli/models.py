"""`models …`: list, show, plan, and what changes models."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core.cli import models_change, models_forecast, models_ladder
from core.cli.door import Body, open_door
from core.cli.options import Json, Storage
from core.cli.output import one_line, show, table
from core.text import N_, _

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help=N_("Models that can answer."))
models_change.add_to(app)
models_forecast.add_to(app)
models_ladder.add_to(app)


@app.command("list", help=N_("List the models that are there now."))
def list_models(storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.models()
    head = (_("Model"), _("Size"), _("Context"), _("Can"), _("Where"))
    lines = table([_row(model) for model in found["models"]], head)
    show(found, as_json, lines + [_away(one) for one in found["providers"] if one["error"]])


@app.command("show", help=N_("Show one model."))
def show_model(
    ref: Annotated[str, typer.Argument(metavar="REF", help=N_("Such as starter or ollama:NAME."))],
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        model = door.model(ref)
    lines = [f"{name}: {_text(value)}" for name, value in model.items() if value not in (None, "")]
    show(model, as_json, lines)


def _row(model: Body) -> tuple[Any, ...]:
    size = f"{model['size_bytes'] / 1e9:.2f} GB" if model["size_bytes"] is not None else "?"
    where = model["host"] or (_("here") if model["local"] else "?")
    can = ", ".join(model["capabilities"])
    return model["ref"], size, model["context_tokens"] or "?", can, where


def _away(provider: Body) -> str:
    return one_line(f"{provider['error']['message']} {provider['error']['hint']}")


def _text(value: Any) -> str:
    return one_line(", ".join(value) if isinstance(value, list) else str(value))
