"""Every failure as one line: `error: what happened. what to do`."""

from __future__ import annotations

import json
import os
import time
import traceback
from pathlib import Path

from typer.exceptions import TyperException

from core.cli.output import one_line
from core.errors import Unforeseen, WorkbenchError
from core.text import _


def failure_line(error: Exception) -> str:
    """One line for any exception; of an unforeseen one, the details go into a log file."""
    if not isinstance(error, WorkbenchError):
        kind = type(error).__name__
        error = Unforeseen(kind=kind, log=_keep_details(error))
    return _line(error.message(), error.hint())


def usage_line(error: TyperException) -> str:
    """One line for a command that was not understood."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "python -m core"
    return _line(_usage_message(error), _("Run “{command} --help”.", command=path))


def _usage_message(error: TyperException) -> str:
    parameter = getattr(error, "param", None)
    name = max(parameter.opts, key=len) if parameter is not None and parameter.opts else ""
    if parameter is not None and parameter.param_type_name == "argument":
        name = parameter.metavar or parameter.name.upper()
    match type(error).__name__:
        case "NoSuchOption":
            return _("There is no option {name}.", name=getattr(error, "option_name", ""))
        case "MissingParameter":
            return _("{name} is missing.", name=name)
        case "BadParameter" if name:
            detail = error.message.removeprefix("Value error, ")
            return _("{name}: {detail}.", name=name, detail=detail.rstrip("."))
    return error.format_message()


def _line(message: str, hint: str) -> str:
    message = one_line(message).strip()
    if message and message[-1] not in ".!?。！？":
        message += "."
    return f"error: {message} {one_line(hint)}".rstrip()


def _keep_details(error: Exception) -> str:
    """Append the traceback to logs/commands.log and give its place; "-" when it cannot be kept.

    Only code lines are written, no values, so that no message and no token gets there.
    """
    frames = traceback.extract_tb(error.__traceback__)
    entry = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "level": "ERROR",
        "part": "cli",
        "event": "unforeseen",
        "error": type(error).__name__,
        "trace": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
    log = Path(os.environ.get("ENGAWA_DATA_DIR") or "data").resolve() / "logs" / "commands.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
    except OSError:
        return "-"
    return str(log)
