"""`models forecast`: does it fit, to talk with it or to train an adapter for it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from core.cli.door import Body, open_door
from core.cli.options import Json, Storage
from core.cli.output import one_line, show, table
from core.hardware.forecast import Training
from core.hardware.forecast.names import PARTS, TRAINING_PARTS
from core.hardware.forecast.training import split_targets
from core.runner.loading import CHOICES
from core.text import N_, _

SUMS = {
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

Ref: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="REF", help=N_("Such as ollama:NAME, or the path of a .gguf file.")),
]
Context: TypeAlias = Annotated[
    int | None,
    typer.Option("--context", min=64, help=N_("Tokens of context; in training of an example.")),
]
Kv: TypeAlias = Annotated[str | None, typer.Option("--kv", help="f16, q8_0, q4_0")]
Train: TypeAlias = Annotated[
    bool, typer.Option("--train", help=N_("What training an adapter for it would take."))
]
Rank: TypeAlias = Annotated[
    int | None, typer.Option("--rank", min=1, help=N_("Of the adapter; default: 8."))
]
Targets: TypeAlias = Annotated[
    str | None, typer.Option("--targets", help=N_("What it changes; default: q_proj,v_proj."))
]
Batch: TypeAlias = Annotated[
    int | None, typer.Option("--batch", min=1, help=N_("Examples at once; default: 1."))
]
Checkpointing: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--checkpointing/--no-checkpointing",
        help=N_("Compute activations again to save memory; the default."),
    ),
]
Bits: TypeAlias = Annotated[
    str | None, typer.Option("--quantization", help=N_("Of the base: none, int8, nf4."))
]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `models`."""
    app.command("forecast", help=N_("Say whether a model fits, without loading it."))(forecast)


def forecast(
    ref: Ref,
    context: Context = None,
    kv: Kv = None,
    train: Train = False,
    rank: Rank = None,
    targets: Targets = None,
    batch: Batch = None,
    checkpointing: Checkpointing = None,
    quantization: Bits = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    given = {
        "rank": rank,
        "targets": None if targets is None else split_targets(targets),
        "batch": batch,
        "checkpointing": checkpointing,
        "quantization": _chosen("quantization", quantization),
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    if train:
        if kv is not None:
            raise typer.BadParameter(_("not together with --train"), param_hint="--kv")
        tokens: dict[str, Any] = {} if context is None else {"tokens": context}
        _training(ref, Training(**chosen, **tokens), storage, as_json=as_json)
        return
    if chosen:
        wrong = f"--{next(iter(chosen))}"
        raise typer.BadParameter(_("only together with --train"), param_hint=wrong)
    with open_door(storage) as door:
        found = door.forecast(_named(ref), context, _chosen("kv_type", kv) or "f16")
    show(found, as_json, _lines(found))


def _training(ref: str, wanted: Training, storage: Path | None, *, as_json: bool) -> None:
    with open_door(storage) as door:
        found = door.training_forecast(ref, wanted)
    show(found, as_json, _training_lines(ref, wanted, found))


def _named(ref: str) -> str:
    """A path of a GGUF file, as a reference."""
    is_file = ref.endswith(".gguf") and ":" not in ref
    return f"gguf:{Path(ref).expanduser().resolve()}" if is_file else ref


def _chosen(name: str, word: str | None) -> Any:
    """One of the words that a load takes; `None` when none was given."""
    if word is None or word in CHOICES[name]:
        return word
    hint = "--kv" if name == "kv_type" else f"--{name}"
    raise typer.BadParameter(", ".join(CHOICES[name]), param_hint=hint)


def _lines(found: Body) -> Iterator[str]:
    yield _(
        "{model} with {n} tokens of context, {place}:",
        model=one_line(found["ref"]),
        n=found["context_tokens"],
        place=_place(found),
    )
    yield from _table(found, PARTS)
    verdict = VERDICTS[found["verdict"]]
    yield _(verdict, n=found["longest_context"])


def _training_lines(ref: str, wanted: Training, found: Body) -> Iterator[str]:
    yield _(
        "Training an adapter of rank {rank} for {model}, {n} tokens at once, {place}:",
        rank=wanted.rank,
        model=one_line(ref),
        n=wanted.tokens * wanted.batch,
        place=_place(found),
    )
    yield from _table(found, TRAINING_PARTS)
    verdict = {True: "fits", False: "does_not_fit", None: "unknown"}[found["fits"]]
    yield _(VERDICTS[verdict])


def _place(found: Body) -> str:
    return _("on the graphics card") if found["place"] == "gpu" else _("in the main memory")


def _table(found: Body, parts: Mapping[str, str]) -> Iterator[str]:
    names = {**parts, **SUMS}.items()
    rows = [(_(text), _size(found[name])) for name, text in names if name in found]
    yield from table(rows, ("", ""))


def _size(size: int | None) -> str:
    return "?" if size is None else f"{size / 1e9:.2f} GB"
