"""Options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from core.text import N_

Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help=N_("Print JSON objects and nothing else."))
]
Storage: TypeAlias = Annotated[
    Path | None,
    typer.Option("--storage", help=N_("The data folder; default: ENGAWA_DATA_DIR, else data/.")),
]
Ears: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--as", help=N_("As this member heard it; several share their ears.")),
]
RoomName: TypeAlias = Annotated[str, typer.Argument(metavar="ROOM", help=N_("Its name or id."))]
