"""How a job's own process tells how far it is: through files in the job's folder.

A program that does a job makes one `Report` as early as it can. Files outlive both sides, so
the app may be killed and started again while the program goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from core.errors import WorkbenchError
from core.jobs.job import Progress
from core.jobs.records import progress_body, progress_of, reason_body, reason_of
from core.messages import Reason
from core.store import files

PROCESS, PROGRESS, OUTCOME, LOG = "process.json", "progress.json", "outcome.json", "log.txt"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a process says it ended: a result, or an error."""

    result: Mapping[str, Any] | None
    error: Reason | None


class Report:
    """The child's side. Not thread-safe."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        note_process(folder, os.getpid())

    def progress(
        self, share: float | None, code: str | None = None, /, *, detail: Any = None, **params: Any
    ) -> None:
        """How far it is (0 to 1), what is being done (a code of the kind's texts), and facts."""
        words = Reason(code, params) if code else None
        body = progress_body(Progress(share=share, words=words, detail=detail or {}))
        _write(self.folder / PROGRESS, body)

    def done(self, result: Mapping[str, Any] | None = None) -> None:
        """It is finished; what came of it."""
        files.write_text(self.folder / OUTCOME, json.dumps({"result": dict(result or {})}))

    def failed(self, error: WorkbenchError) -> None:
        """It cannot be finished, and why."""
        body = {"error": reason_body(error.reason())}
        files.write_text(self.folder / OUTCOME, json.dumps(body))


def note_process(folder: Path, pid: int) -> None:
    """Which process works here. Its start time tells it from a later one with the same number."""
    try:
        started = psutil.Process(pid).create_time()
    except psutil.Error:
        return
    _write(folder / PROCESS, {"pid": pid, "started": started})


def process_of(folder: Path) -> psutil.Process | None:
    """The process that works here; `None` when it has ended."""
    match _read(folder / PROCESS):
        case {"pid": int(pid), "started": int() | float() as started}:
            try:
                found = psutil.Process(pid)
                same = abs(found.create_time() - started) < 1.0
                alive = same and found.status() != psutil.STATUS_ZOMBIE
                return found if alive else None
            except psutil.Error:
                return None
    return None


def progress_in(folder: Path) -> Progress | None:
    """What was last told; `None` when nothing was."""
    body = _read(folder / PROGRESS)
    return progress_of(body) if body else None


def outcome_in(folder: Path) -> Outcome | None:
    """How it ended; `None` when it has not said so."""
    body = _read(folder / OUTCOME)
    if not body:
        return None
    result = body.get("result")
    return Outcome(result if isinstance(result, dict) else None, reason_of(body.get("error")))


def clear(folder: Path) -> None:
    """Remove what an earlier attempt told; its other files stay."""
    for name in (PROCESS, PROGRESS, OUTCOME):
        (folder / name).unlink(missing_ok=True)


def _write(file: Path, body: Mapping[str, Any]) -> None:
    # Not synced: progress is written often, and a lost piece of it costs nothing.
    temporary = file.with_name(f"{file.name}.{os.getpid()}.part")
    temporary.write_text(json.dumps(body), encoding="utf-8")
    temporary.replace(file)


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
