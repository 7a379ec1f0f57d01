"""`openapi`: the HTTP interface as a document for other programs."""

from __future__ import annotations

import typer

from core.cli.options import Json
from core.cli.output import write_json
from core.text import N_


def add_to(app: typer.Typer) -> None:
    app.command(help=N_("Print the description of the HTTP interface (OpenAPI)."))(openapi)


def openapi(as_json: Json = False) -> None:  # noqa: ARG001  (it is JSON either way)
    # Imported here: FastAPI takes as long to load as all other commands together.
    from core.api.app import create_app
    from core.workbench import current

    write_json(create_app(current).openapi())
