"""The log: JSON lines in the data folder, for finding out what happened, never what was said.

A line holds time, level, part, event, the ids named in `IDS` and the fields named in `FIELDS`:
durations, counts, error codes. Everything else is dropped here, whatever a caller passes, so that
no message, prompt, name or token can get in. Errors are written as their type, their code and
the places in the source they passed; their texts are not, since they quote what people wrote.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from datetime import UTC
from functools import cache
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from loguru import logger

from core.paths import PROJECT, DataPaths

if TYPE_CHECKING:
    from loguru import Record

IDS = frozenset({"room", "message", "seq", "event", "turn", "job", "connection", "pid", "model"})
FIELDS = frozenset(
    {
        *("duration_ms", "seconds", "count", "missing", "bytes", "tokens", "attempt"),
        *("error", "status", "port", "version", "method", "route", "provider"),
    }
)
FILE_BYTES = 10_000_000
FILES = 5  # the current one and four older ones

_EVENT = re.compile(r"[a-z0-9_.-]{1,64}")
_VALUE = re.compile(r"[\w.:/@+-]{1,120}")  # an id, a code, a model's reference; no sentence

LEVELS = frozenset({"INFO", "WARNING", "ERROR"})
_written: frozenset[str] = frozenset()  # the levels; nothing until configured

Value = str | int | float | bool | None
Ids = Mapping[str, str | int | None]


class PartLogger:
    """Writes events of one part: `log.info("room.created", ids={"room": room_id}, count=3)`."""

    def __init__(self, part: str) -> None:
        self._part = part

    def debug(self, event: str, *, ids: Ids | None = None, **fields: Value) -> None:
        self._write("DEBUG", event, ids, fields)

    def info(self, event: str, *, ids: Ids | None = None, **fields: Value) -> None:
        self._write("INFO", event, ids, fields)

    def warning(self, event: str, *, ids: Ids | None = None, **fields: Value) -> None:
        self._write("WARNING", event, ids, fields)

    def error(self, event: str, *, ids: Ids | None = None, **fields: Value) -> None:
        self._write("ERROR", event, ids, fields)

    def exception(
        self,
        event: str,
        cause: BaseException | None = None,
        *,
        ids: Ids | None = None,
        **fields: Value,
    ) -> None:
        """Write where `cause` came from: types and places, without its text and local values.

        `cause` defaults to the exception that is being handled.
        """
        raised = cause or sys.exception()
        code = getattr(raised, "code", None)
        fields = {"error": code if isinstance(code, str) else type(raised).__name__, **fields}
        self._write("ERROR", event, ids, fields, _trace(raised))

    def _write(
        self,
        level: str,
        event: str,
        ids: Ids | None,
        fields: Mapping[str, Value],
        trace: list[dict[str, object]] | None = None,
    ) -> None:
        if level not in _written:
            return
        line: dict[str, object] = {
            "part": self._part,
            "event": event if _EVENT.fullmatch(event) else "unnamed",
            "ids": {name: _clean(value) for name, value in (ids or {}).items() if name in IDS},
        }
        line |= {name: _clean(value) for name, value in fields.items() if name in FIELDS}
        if trace:
            line["trace"] = trace
        logger.bind(engawa=line).log(level, "")


def part_logger(part: str) -> PartLogger:
    """The logger of one part of core ("rooms", "store"); cheap, nothing is opened."""
    return PartLogger(part)


def configure(paths: DataPaths, debug: bool = False) -> None:
    """Send the log to the data folder, and uncaught errors of threads into it.

    Until this is called, nothing is written anywhere. A log that cannot be written (disk full)
    is given up silently: it must never stop the app.
    """
    with suppress(OSError):
        paths.logs.mkdir(parents=True, exist_ok=True)
    global _written
    _file().move(paths.logs / "engawa.log")
    threading.excepthook = _thread_failed
    _written = LEVELS | {"DEBUG"} if debug else LEVELS


def close() -> None:
    """Close the log file; what comes later is not written."""
    global _written
    _written = frozenset()
    _file().close()


class _File(RotatingFileHandler):
    """Ten megabytes, five files."""

    def __init__(self) -> None:
        super().__init__("engawa.log", backupCount=FILES - 1, encoding="utf-8", delay=True)

    def move(self, file: Path) -> None:
        """Write into `file` from now on."""
        with self.lock or nullcontext():
            self.close()
            self.baseFilename, self.maxBytes = str(file.absolute()), FILE_BYTES

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk is told on the screen by the store; the log just misses a line."""


@cache
def _file() -> _File:
    """The only one: Loguru searches the folders of all libraries for each that it is given."""
    file = _File()
    logger.remove()
    logger.add(
        file,
        level="DEBUG",
        format=_line,
        filter=lambda record: "engawa" in record["extra"],
        backtrace=False,
        diagnose=False,
    )
    return file


def _line(record: Record) -> str:
    content = {
        "time": record["time"].astimezone(UTC).isoformat(timespec="milliseconds"),
        "level": record["level"].name,
        **record["extra"]["engawa"],
    }
    record["extra"]["line"] = json.dumps(content, ensure_ascii=False)
    return "{extra[line]}"


def _clean(value: Value) -> Value:
    if isinstance(value, str) and not _VALUE.fullmatch(value):
        return f"({len(value)} characters)"
    return value


def _trace(error: BaseException | None) -> list[dict[str, object]]:
    chain: list[dict[str, object]] = []
    while error is not None and len(chain) < 5:
        chain.append({"type": type(error).__name__, "at": _places(error.__traceback__)})
        error = error.__cause__ or error.__context__
    return chain


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-20:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(file: str) -> str:
    path = Path(file)
    for base in (PROJECT, Path(sys.prefix)):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.name


def _thread_failed(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is not None:
        part_logger("threads").exception("uncaught", failure.exc_value)
