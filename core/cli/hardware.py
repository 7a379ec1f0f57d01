"""`hardware …`: snapshot, watch, history, events, anomalies, recover."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import typer

from core.cli.door import Body, open_door
from core.cli.options import Json, Storage
from core.cli.output import one_line, show, table, write, write_json
from core.cli.tune import tune
from core.text import N_, _

WEEK_S = 7 * 86_400
GB = 1e9

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help=N_("The machine: memory, load, cards.")
)
app.command(help=N_("Try, apply or undo settings of a model; without one, list them."))(tune)


@app.command(help=N_("Read the machine once."))
def snapshot(storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.machine()
    show(found, as_json, _lines(found))


@app.command(help=N_("Read the machine again and again, until Ctrl+C."))
def watch(
    interval: Annotated[
        float, typer.Option("--interval", min=0.2, max=3600, help=N_("Seconds between two lines."))
    ] = 1.0,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help=N_("End after so many lines."))
    ] = None,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        due, number = time.monotonic(), 0
        while count is None or number < count:
            time.sleep(max(0.0, due - time.monotonic()))
            due, number = due + interval, number + 1
            found = door.machine()
            if as_json:
                write_json(found)
            else:
                write(f"{_clock(found['at'])}  " + "  ·  ".join(_lines(found)))


@app.command(help=N_("Print how the machine was."))
def history(
    seconds: Annotated[
        int, typer.Option("--seconds", min=10, max=WEEK_S, help=N_("How far back."))
    ] = 3_600,
    points: Annotated[
        int, typer.Option("--points", min=1, max=4_000, help=N_("At most about so many lines."))
    ] = 60,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.machine_history(seconds, points)
    show(found, as_json, _rows(found["points"]))


@app.command(help=N_("Print what happened to the machine, the newest first."))
def events(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000, help=N_("How many."))] = 50,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.machine_events(limit)
    lines = [f"{one_line(event['at'])}  {one_line(event['text'])}" for event in found]
    show({"events": found}, as_json, lines or [_("Nothing has happened yet.")])


@app.command(help=N_("Print what is wrong with the machine, by which rules."))
def anomalies(storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.anomalies()
    lines = [f"{one_line(one['since'])}  {one_line(one['text'])}" for one in found["anomalies"]]
    names = ", ".join(rule["name"] for rule in found["rules"])
    lines = lines or [_("Nothing is wrong; these rules watch: {names}.", names=names)]
    if found["problem"]:
        lines.append(one_line(found["problem"]["message"]))
    show(found, as_json, lines)


@app.command(help=N_("Do one step of recovery now."))
def recover(
    action: Annotated[str, typer.Argument(metavar="ACTION", help=N_("retry, unload_idle …"))],
    subject: Annotated[
        str, typer.Option("--subject", help=N_("A model or server; default: all."))
    ] = "",
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.recover(action, subject)
    done = _("Done: {what}.", what=one_line(found["what"]))
    show(found, as_json, [done if found["what"] else _("There was nothing to do.")])


def _lines(found: Body) -> Iterator[str]:
    used, total = found["memory_used_bytes"] / GB, found["memory_total_bytes"] / GB
    memory = _("Memory {used} of {total} GB", used=f"{used:.1f}", total=f"{total:.1f}")
    load = found["cpu_percent"]
    yield memory + ("" if load is None else ", " + _("load {n} %", n=round(load)))
    for gpu in found["gpus"]:
        yield _card(gpu)
    if found["gpu_problem"] == "silent":
        yield _("The graphics driver does not answer.")
    elif found["gpu_problem"]:
        yield _("No NVIDIA card can be asked ({reason}).", reason=found["gpu_problem"])
    for model in found["models"]:
        yield _("In memory: {model}", model=one_line(model["ref"]))


def _card(gpu: Body) -> str:
    facts = [one_line(gpu["name"] or "NVIDIA")]
    if gpu["lost"]:
        return ", ".join([*facts, _("does not answer")])
    if gpu["memory_used_bytes"] is not None and gpu["memory_total_bytes"]:
        used, total = gpu["memory_used_bytes"] / GB, gpu["memory_total_bytes"] / GB
        facts.append(_("{used} of {total} GB", used=f"{used:.1f}", total=f"{total:.1f}"))
    units = (("utilization_percent", "%"), ("temperature_celsius", "°C"), ("power_watts", "W"))
    facts += [f"{gpu[name]:.0f} {unit}" for name, unit in units if gpu[name] is not None]
    return ", ".join(facts)


def _rows(points: list[Body]) -> list[str]:
    if not points:
        return [_("Nothing was measured in that time.")]
    head = (_("Time"), _("Memory GB"), _("Load %"), _("Graphics memory GB"), "°C")
    return table([_row(point["at"], point["values"]) for point in points], head)


def _row(at: float, values: Body) -> tuple[str, ...]:
    return (
        datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M:%S"),
        _number(values.get("memory_used_bytes"), GB),
        _number(values.get("cpu_percent")),
        _number(values.get("gpu.0.memory_used_bytes"), GB),
        _number(values.get("gpu.0.temperature_celsius")),
    )


def _number(value: float | None, unit: float = 1) -> str:
    return "-" if value is None else f"{value / unit:.1f}"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%H:%M:%S")
