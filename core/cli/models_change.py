"""`models pull|create|load|unload|switch|delete|restore`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.door import Body, open_door
from core.cli.jobs import follow
from core.cli.options import Json, Storage
from core.cli.output import one_line, show, write
from core.errors import InvalidInput
from core.runner.loading import from_words
from core.text import N_, _

_QUANTIZATION = N_("none, int8, nf4; default: what fits.")
Ref = Annotated[str, typer.Argument(metavar="REF", help=N_("Such as starter or ollama:NAME."))]


def add_to(app: typer.Typer) -> None:
    """Put the commands into the group `models`."""
    app.command(help=N_("Download a model: ollama:NAME, or hf:OWNER/NAME from the hub."))(pull)
    app.command(help=N_("Make a model on Ollama."))(create)
    app.command(help=N_("Load a model into memory."))(load)
    app.command(help=N_("Take a model out of memory."))(unload)
    app.command(help=N_("Let everybody speak with another model, and load it."))(switch)
    app.command(help=N_("Delete a model."))(delete)
    app.command(help=N_("Bring a deleted Hugging Face model back."))(restore)


def pull(
    ref: Ref,
    revision: Annotated[
        str | None, typer.Option("--revision", help=N_("Of the hub's; default: main."))
    ] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        follow(door, door.library.pull(ref, revision), as_json)


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help=N_("What it will be called."))],
    base: Annotated[str, typer.Option("--from", help=N_("A model that is on Ollama."))] = "",
    gguf: Annotated[
        Path | None, typer.Option("--gguf", metavar="FILE", help=N_("A GGUF file."))
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help=N_("A safetensors folder."))
    ] = None,
    adapter: Annotated[
        Path | None,
        typer.Option("--adapter", metavar="DIR", help=N_("A PEFT folder over the base.")),
    ] = None,
    agent: Annotated[
        str, typer.Option("--agent", help=N_("Whose prompt and options it gets."))
    ] = "",
    system: Annotated[str, typer.Option("--system", help=N_("Its system text."))] = "",
    quantize: Annotated[str, typer.Option("--quantize", help=N_("Such as q4_K_M."))] = "",
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", metavar="NAME=VALUE", help=N_("A sampling option.")),
    ] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    paths = {"gguf": gguf, "folder": folder, "adapter": adapter}
    given = {key: str(path.resolve()) for key, path in paths.items() if path is not None}
    words = {"name": name, "base": base.removeprefix("ollama:"), "agent": agent, "system": system}
    new = {**words, **given, "quantize": quantize, "parameters": _parameters(parameter or [])}
    with open_door(storage) as door:
        follow(door, door.library.create(new), as_json)


def load(
    ref: Ref,
    quantization: Annotated[str | None, typer.Option("--quantization", help=_QUANTIZATION)] = None,
    gpu_layers: Annotated[
        int | None, typer.Option("--gpu-layers", min=0, help=N_("Layers on the graphics card."))
    ] = None,
    kv: Annotated[str | None, typer.Option("--kv", help="f16, q8_0, q4_0")] = None,
    context: Annotated[
        int | None, typer.Option("--context", min=64, help=N_("Tokens of context."))
    ] = None,
    device: Annotated[str | None, typer.Option("--device", help="auto, cpu")] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    given = {
        "context_tokens": context,
        "kv_type": kv,
        "gpu_layers": gpu_layers,
        "quantization": quantization,
        "device": device,
    }
    wanted = {name: value for name, value in given.items() if value is not None}
    from_words(wanted)  # refuses a word that there is not, before anything is asked
    with open_door(storage) as door:
        _steps(follow(door, door.library.load(ref, wanted), as_json), as_json)


def unload(ref: Ref, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        door.library.unload(ref)
    show({"model": ref}, as_json, [_("It is out of memory.")])


def switch(
    ref: Ref,
    plan: Annotated[bool, typer.Option("--plan", help=N_("Only say what would be done."))] = False,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        said = door.library.plan(ref)
        if plan or not as_json:
            show(said, as_json, _plan(said))
        if not plan:
            _steps(follow(door, door.library.switch(ref), as_json), as_json)


def delete(
    ref: Ref,
    yes: Annotated[bool, typer.Option("--yes", help=N_("Do not ask."))] = False,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    if not yes:
        _ask(ref)
    with open_door(storage) as door:
        restorable = door.library.delete(ref)
    said = _("Deleted. “models restore” brings it back.") if restorable else _("Deleted for good.")
    show({"model": ref, "restorable": restorable}, as_json, [said])


def restore(ref: Ref, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        door.library.restore(ref)
    show({"model": ref}, as_json, [_("It is back.")])


def _ask(ref: str) -> None:
    """
    Raises:
        InvalidInput: nobody is there to say yes, or somebody said no.
    """
    sys.stderr.write(_("Delete {model}? Type its name to confirm: ", model=one_line(ref)))
    sys.stderr.flush()
    answer = sys.stdin.readline().strip() if sys.stdin and sys.stdin.isatty() else ""
    if answer != ref:
        raise InvalidInput(field="--yes", expected=ref, found=answer or "nothing")


def _parameters(given: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise InvalidInput(field="--parameter", expected="NAME=VALUE", found=one)
        found[name] = _number(value)
    return found


def _number(value: str) -> Any:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def _plan(plan: Body) -> list[str]:
    lines = [_("Unload {model}", model=one_line(ref)) for ref in plan["unload"]]
    if plan["loaded"]:
        return [*lines, _("{model} is in memory already", model=one_line(plan["to"]))]
    seconds = plan["expected_s"]
    if seconds is None:
        return [*lines, _("Load {model}", model=one_line(plan["to"]))]
    about = f"{seconds:.1f}"
    return [*lines, _("Load {model}, about {seconds} s", model=one_line(plan["to"]), seconds=about)]


def _steps(job: Body, as_json: bool) -> None:
    names = {"unload": _("unloaded"), "memory": _("its memory is back"), "load": _("loaded")}
    for step in [] if as_json else job["progress"]["detail"].get("steps", []):
        size = "" if step["bytes"] is None else f", {step['bytes'] / 1e9:.2f} GB"
        seconds = _("{value} s", value=f"{step['seconds']:.2f}")
        write(
            f"{one_line(step['model'])}: {names.get(step['step'], step['step'])}, {seconds}{size}"
        )
