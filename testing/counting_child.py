"""A small program that does a job, for tests of jobs that have a process of their own.

`python -m testing.counting_child FOLDER LAST PAUSE_S` counts from where `FOLDER/count` stands to
LAST and keeps each number there, as a training keeps its checkpoints. LAST 0 fails by its own
report, -1 dies without a word.

`python -m testing.counting_child app DATA LAST PAUSE_S` is the app around it: it opens a data
folder, begins such a job, prints its id and waits to be killed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from core.errors import DiskFull
from core.jobs import ChildKind, Job, Jobs
from core.jobs.report import Report
from core.paths import DataPaths
from core.store import Store
from core.store.files import write_text
from core.text import N_


def counting(pause_s: float = 0.02) -> ChildKind:
    """The kind of work; the subject is the number to count to."""

    def command(job: Job, folder: Path) -> Sequence[str]:
        program = [sys.executable, "-m", "testing.counting_child"]
        return [*program, str(folder), job.subject, str(pause_s)]

    texts = {"counting": N_("counting: {n}")}
    return ChildKind("count", N_("Count to {subject}"), texts, command=command)


def count(folder: Path, last: int, pause_s: float) -> None:
    """The child."""
    report = Report(folder)
    print("counting", flush=True)  # noqa: T201
    if last == 0:
        report.failed(DiskFull(folder="/somewhere"))
        return
    if last < 0:
        raise SystemExit("there is nothing to count")
    kept = folder / "count"
    began = n = int(kept.read_text()) if kept.exists() else 0
    while n < last:
        time.sleep(pause_s)
        n += 1
        write_text(kept, str(n))
        report.progress(n / last, "counting", detail={"began": began}, n=n)
    report.done({"counted": n, "began": began})


def app(data: Path, last: str, pause_s: float) -> None:
    """Begin a job and wait for the end."""
    paths = DataPaths(data)
    store = Store.open(paths)
    jobs = Jobs(store, paths.jobs)
    jobs.register(counting(pause_s))
    print(jobs.start("count", last).id, flush=True)  # noqa: T201
    time.sleep(600)


if __name__ == "__main__":
    if sys.argv[1] == "app":
        app(Path(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
    else:
        count(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
