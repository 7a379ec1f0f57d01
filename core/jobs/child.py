"""A job's own process: begun, watched through its files, ended; or watched again after a kill."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from core.errors import JobDied
from core.jobs import report
from core.jobs.job import Job, Progress
from core.jobs.kinds import ChildKind, Result
from core.jobs.work import JobCancelled
from core.messages import Reason
from core.paths import PROJECT

LOOK_S = 0.2
LINGER_S = 5.0  # how long a process that has said how it ended may take to end
_TAIL_BYTES = 4_096
_LINE_CHARS = 300


class Detached(Exception):
    """The app ends and the process goes on. Never leaves core/jobs."""


class ReportedError(Exception):
    """The process said that it failed. Never leaves core/jobs."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.code)


def attend(
    job: Job,
    kind: ChildKind,
    folder: Path,
    cancel: threading.Event,
    *,
    attached: bool,
    leaving: Callable[[], bool],
    tell: Callable[[Progress], None],
) -> Result | None:
    """Begin the process (unless `attached`) and watch it to its end; what it says came of it.

    Raises:
        JobCancelled: `cancel` was set; it has ended.
        Detached: `leaving()` is true; it goes on.
        ReportedError: it said so.
        JobDied: it ended without a word, or could not be begun.
    """
    child = None if attached else _begin(job, kind, folder)
    told: Progress | None = None
    while _alive(child, folder) and not _over(folder):
        progress = report.progress_in(folder)
        if progress is not None and progress != told:
            told = progress
            tell(progress)
        if cancel.wait(LOOK_S):
            if leaving():
                raise Detached
            _end(child, folder, kind.grace_s)
            raise JobCancelled
    return _result(child, folder, tell)


def _begin(job: Job, kind: ChildKind, folder: Path) -> subprocess.Popen[bytes]:
    report.clear(folder)
    try:
        with (folder / report.LOG).open("ab") as log:
            child = subprocess.Popen(
                list(kind.command(job, folder)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=PROJECT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
                start_new_session=True,  # Ctrl+C in the app's terminal is not meant for it
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
    except OSError as error:
        raise JobDied(detail=error.strerror or str(error)) from error
    report.note_process(folder, child.pid)
    return child


def _alive(child: subprocess.Popen[bytes] | None, folder: Path) -> bool:
    if child is not None:
        return child.poll() is None
    return report.process_of(folder) is not None


def _over(folder: Path) -> bool:
    return (folder / report.OUTCOME).exists()


def _result(
    child: subprocess.Popen[bytes] | None, folder: Path, tell: Callable[[Progress], None]
) -> Result | None:
    until = time.monotonic() + LINGER_S
    while _alive(child, folder) and time.monotonic() < until:
        time.sleep(LOOK_S / 4)
    _end(child, folder, 0.0)
    progress, outcome = report.progress_in(folder), report.outcome_in(folder)
    if progress is not None:
        tell(progress)
    if outcome is None:
        raise JobDied(detail=_why(child, folder))
    if outcome.error is not None:
        raise ReportedError(outcome.error)
    return outcome.result


def _end(child: subprocess.Popen[bytes] | None, folder: Path, grace_s: float) -> None:
    """End the process and everything that it began; returns when they are gone."""
    if not _alive(child, folder):
        return
    with suppress(psutil.Error):
        process = psutil.Process(child.pid) if child else report.process_of(folder)
        if process is None:
            return
        family = [*process.children(recursive=True), process]
        for one in family:
            with suppress(psutil.Error):
                one.terminate()
        _gone, alive = psutil.wait_procs(family, grace_s)
        for one in alive:
            with suppress(psutil.Error):
                one.kill()
        psutil.wait_procs(alive, LINGER_S)
    if child is not None:
        child.wait(LINGER_S)


def _why(child: subprocess.Popen[bytes] | None, folder: Path) -> str:
    with suppress(OSError):
        text = (folder / report.LOG).read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if lines:
            return lines[-1][:_LINE_CHARS].rstrip(".")
    status = child.returncode if child is not None else None
    return f"exit status {status}" if status is not None else "it is gone"
