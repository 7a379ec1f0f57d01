"""`bench NAME`: measures this machine and prints one JSON object."""

from __future__ import annotations

import importlib
import os
import platform
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.options import Json
from core.cli.output import write_json
from core.cli.streams import quiet_output
from core.paths import PROJECT
from core.text import N_, _

BENCHMARKS = PROJECT / "benchmarks"


def add_to(app: typer.Typer) -> None:
    app.command(help=N_("Run a benchmark: {names}.").format(names=", ".join(names())))(bench)


def names() -> list[str]:
    """The benchmarks that are there."""
    files = BENCHMARKS.glob("[a-z]*.py")
    return sorted(file.stem for file in files if "\ndef run(" in file.read_text(encoding="utf-8"))


def bench(
    name: Annotated[str, typer.Argument(metavar="NAME", help=N_("Which one."))],
    runs: Annotated[
        int, typer.Option("--runs", min=1, max=1000, help=N_("How often; medians are printed."))
    ] = 5,
    as_json: Json = False,  # noqa: ARG001  (it is JSON either way)
) -> None:
    if name not in names():
        known = ", ".join(names())
        raise typer.BadParameter(_("expected one of {names}", names=known), param_hint="NAME")
    if str(PROJECT) not in sys.path:
        sys.path.insert(0, str(PROJECT))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is started keeps its bytecode, as usual
    loads = machine()
    started = time.monotonic()
    with quiet_output():  # whatever a benchmark prints on its way goes to standard error
        found: dict[str, Any] = importlib.import_module(f"benchmarks.{name}").run(runs)
    seconds = round(time.monotonic() - started, 1)
    write_json({"bench": name, "runs": runs, **found, "seconds": seconds, "machine": loads})


def machine() -> dict[str, Any]:
    """What the figures were measured on. `None` means unknown."""
    import psutil

    load = [round(value, 2) for value in psutil.getloadavg()]
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "load_before": load,
    }


def _cpu_model() -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or None
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, None)
