"""`serve`: the whole app on one port."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from core.cli.door import settings_for
from core.cli.options import Json
from core.cli.output import show
from core.text import N_, _


def add_to(app: typer.Typer) -> None:
    app.command(help=N_("Start the app and open it in the browser."))(serve)


def serve(
    host: Annotated[
        str | None, typer.Option("--host", help=N_("Address to listen on; default: 127.0.0.1."))
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65535, help=N_("Port to listen on; default: 8501.")),
    ] = None,
    storage: Annotated[
        Path | None,
        typer.Option(
            "--storage", help=N_("The data folder; default: ENGAWA_DATA_DIR, else data/.")
        ),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help=N_("Write debug lines into the log."))
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help=N_("Do not open a browser."))
    ] = False,
    as_json: Json = False,
) -> None:
    settings = settings_for(storage, host=host, port=port, debug=debug or None)
    # Imported here: it brings the whole server.
    from core.api.serving import serve as run

    def tell(url: str) -> None:
        show(
            {"url": url}, as_json, [_("Engawa is open at {address} (Ctrl+C ends it)", address=url)]
        )

    # The server hands the signal on when everything is closed; that is then no failure.
    signal.signal(signal.SIGTERM, _end)
    run(settings, open_browser=not no_browser, announce=tell)


def _end(*_signal: object) -> None:
    raise SystemExit(0)
