"""`models ladder`: which models are asked for less just now."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.door import Body, open_door
from core.cli.options import Json, Storage
from core.cli.output import one_line, show
from core.text import N_, _


def add_to(app: typer.Typer) -> None:
    """Make it a command of `models`."""
    app.command("ladder", help=N_("List models that are asked for less, because memory is short."))(
        ladder
    )


def ladder(
    reset: Annotated[
        str | None, typer.Option("--reset", metavar="REF", help=N_("Ask this one as before."))
    ] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        if reset is not None:
            door.library.reset_ladder(reset)
        found = door.library.ladder()
    lines = [_line(one) for one in found["ladder"]]
    show(found, as_json, lines or [_("Every model is asked as wanted.")])


def _line(one: Body) -> str:
    return _(
        "{model}: {before} → {after}, step {n} of {all}, since {since}. {cause}",
        model=one_line(one["model"]),
        before=one_line(one["before"]),
        after=one_line(one["after"]),
        n=one["level"],
        all=one["rungs"] - 1,
        since=one["since"],
        cause=one_line(one["cause"]),
    )
