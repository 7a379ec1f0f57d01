"""`models forecast`: does it fit?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from core.cli.door import Body, open_door
from core.cli.options import Json, Storage
from core.cli.output import one_line, show, table
from core.runner.loading import CHOICES, KvType
from core.text import N_, _

PARTS = {
    "weights_bytes": N_("Weights"),
    "kv_bytes": N_("Context"),
    "compute_bytes": N_("Computing"),
    "adapters_bytes": N_("Adapters"),
    "projector_bytes": N_("Pictures"),
    "overhead_bytes": N_("Its process"),
    "correction_bytes": N_("Learned here"),
    "total_bytes": N_("Total"),
    "budget_bytes": N_("Usable at most"),
    "free_bytes": N_("Free now"),
}
VERDICTS = {
    "fits": N_("It fits."),
    "fits_shorter": N_("It fits with a shorter context: {n} tokens."),
    "does_not_fit": N_("It does not fit."),
    "unknown": N_("Whether it fits is not known."),
}


def add_to(app: typer.Typer) -> None:
    """Make it a command of `models`."""
    app.command("forecast", help=N_("Say whether a model fits, without loading it."))(forecast)


def forecast(
    ref: Annotated[
        str,
        typer.Argument(metavar="REF", help=N_("Such as ollama:NAME, or the path of a .gguf file.")),
    ],
    context: Annotated[
        int | None, typer.Option("--context", min=64, help=N_("Tokens of context."))
    ] = None,
    kv: Annotated[str, typer.Option("--kv", help="f16, q8_0, q4_0")] = "f16",
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.forecast(_named(ref), context, _kv(kv))
    show(found, as_json, _lines(found))


def _named(ref: str) -> str:
    """A path of a GGUF file, as a reference."""
    is_file = ref.endswith(".gguf") and ":" not in ref
    return f"gguf:{Path(ref).expanduser().resolve()}" if is_file else ref


def _kv(word: str) -> KvType:
    for known in CHOICES["kv_type"]:
        if word == known:
            return known  # type: ignore[return-value]
    raise typer.BadParameter(", ".join(CHOICES["kv_type"]), param_hint="--kv")


def _lines(found: Body) -> Iterator[str]:
    place = _("on the graphics card") if found["place"] == "gpu" else _("in the main memory")
    yield _(
        "{model} with {n} tokens of context, {place}:",
        model=one_line(found["ref"]),
        n=found["context_tokens"],
        place=place,
    )
    yield from table([(_(text), _size(found[name])) for name, text in PARTS.items()], ("", ""))
    verdict = VERDICTS[found["verdict"]]
    yield _(verdict, n=found["longest_context"])


def _size(size: int | None) -> str:
    return "?" if size is None else f"{size / 1e9:.2f} GB"
