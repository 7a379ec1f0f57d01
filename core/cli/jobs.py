"""`jobs …`: list, show, cancel, resume, tail, forget."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.door import Body, Door, open_door
from core.cli.options import Json, Storage
from core.cli.output import harmless, one_line, show, table, write, write_json
from core.errors import Relayed
from core.text import N_, _

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help=N_("Work in the background."))

JobId = Annotated[str, typer.Argument(metavar="JOB", help=N_("Its id, as the list shows it."))]


@app.command("list", help=N_("List jobs, the newest first."))
def list_jobs(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000, help=N_("How many."))] = 20,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    with open_door(storage) as door:
        found = door.jobs.list(limit)
    head = (_("Job"), _("State"), _("Progress"), _("What"))
    rows = [(job["id"], job["state"], _percent(job), job["title"]) for job in found]
    show({"jobs": found}, as_json, table(rows, head) if rows else [_("There are no jobs yet.")])


@app.command("show", help=N_("Show one job."))
def show_job(job: JobId, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.jobs.get(job)
    show(found, as_json, _lines(found))


@app.command(help=N_("Cancel a job."))
def cancel(job: JobId, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        found = door.jobs.cancel(job)
    show(found, as_json, [_("Cancelled: {what}", what=one_line(found["title"]))])


@app.command(help=N_("Take up a job that did not finish, and follow it to its end."))
def resume(job: JobId, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        follow(door, door.jobs.resume(job), as_json)


@app.command(help=N_("Follow a job to its end."))
def tail(job: JobId, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        if not as_json and (said := door.jobs.log(job)):
            write(harmless(said), end="")
        follow(door, door.jobs.get(job), as_json)


@app.command(help=N_("Forget an ended job, and remove what it had begun."))
def forget(job: JobId, storage: Storage = None, as_json: Json = False) -> None:
    with open_door(storage) as door:
        door.jobs.forget(job)
    show({"forgotten": job}, as_json, [_("Forgotten.")])


def follow(door: Door, job: Body, as_json: bool) -> Body:
    """Print a job's progress to its end, one line a change; the job as it ended.

    Raises:
        Relayed: it failed, was cancelled or interrupted, in its own words.
    """
    said = ""
    for now in door.jobs.follow(job["id"]):
        job = now
        if as_json:
            write_json(now)
        elif (line := _now(now)) != said:
            write(line)
            said = line
    return ended(job)


def ended(job: Body) -> Body:
    """The job, if it is done.

    Raises:
        Relayed: it is not.
    """
    if job["state"] == "done":
        return job
    error = job["error"] or {}
    detail = error.get("message") or _("This was cancelled: {what}", what=job["title"])
    hint = error.get("hint") or _("“jobs resume {job}” takes it up again.", job=job["id"])
    raise Relayed(code=error.get("code", job["state"]), detail=detail, hint=hint)


def _now(job: Body) -> str:
    what = job["progress"]["text"] if job["state"] == "running" else job["state"]
    return one_line(f"{job['title']}: {_percent(job)} {what}").replace(":  ", ": ")


def _percent(job: Body) -> str:
    share = job["progress"]["share"]
    return "" if share is None else f"{share:.0%}"


def _lines(job: Body) -> list[str]:
    progress = job["progress"]
    lines = [job["title"], f"{job['state']} {_percent(job)} {progress['text']}"]
    if job["error"]:
        lines.append(f"{job['error']['message']} {job['error']['hint']}")
    lines += [f"{name}: {value}" for name, value in {**progress["detail"]}.items()]
    lines += [f"{name}: {value}" for name, value in (job["result"] or {}).items()]
    return [one_line(line) for line in lines]
