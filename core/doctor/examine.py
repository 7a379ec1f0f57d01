"""The whole examination: every check runs, whatever the others found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from core.doctor import folder, graphics, machine, models
from core.doctor.finding import Finding, Level
from core.logs import part_logger
from core.settings import Settings
from core.text import N_

Check = Callable[[Settings], Finding]

CHECKS: dict[str, Check] = {
    "python": machine.python,
    "packages": machine.packages,
    "data_folder": folder.data_folder,
    "database": folder.database,
    "encoder": models.encoder,
    "starter": models.starter,
    "ollama": models.ollama,
    "gpu": graphics.gpu,
    "port": machine.port,
}

_log = part_logger("doctor")


def examine(settings: Settings) -> list[Finding]:
    """Look at every part and change nothing; never raises, takes about a second.

    The app may be running on the same data folder.
    """
    return _run(settings, list(CHECKS.items()))


def _run(settings: Settings, checks: Sequence[tuple[str, Check]]) -> list[Finding]:
    with ThreadPoolExecutor(len(checks), thread_name_prefix="doctor") as pool:
        waiting = [
            pool.submit(copy_context().run, _one, part, check, settings) for part, check in checks
        ]
        return [future.result() for future in waiting]


def _one(part: str, check: Check, settings: Settings) -> Finding:
    try:
        return check(settings)
    except Exception as error:
        _log.exception("check_failed", error)
        text = N_("This could not be checked ({kind}).")
        hint = N_("Start again with --debug and look into the log.")
        return Finding(part, Level.WARNING, text, hint, {"kind": type(error).__name__})
