"""From the first moment of the server to the last: opens the workbench, guards it, closes it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.api.access import Access, set_access
from core.api.call import is_loopback
from core.errors import BindNeedsAccounts, InternalFault, StorageError, WorkbenchError
from core.logs import part_logger
from core.settings import Settings, load_settings
from core.text import choose_language, set_language
from core.workbench import Workbench, set_current

REFRESH_S = 3.0
# A thread that has a token to pass on waits at most this long for one that reads a fast model;
# Python's own 5 ms at each of the four hand-overs doubled the time to a reply's first token.
SWITCH_S = 0.0005

_log = part_logger("server")


@dataclass(frozen=True, slots=True)
class Bind:
    """Where the server listens; `host` is "" for every address of this machine."""

    host: str
    port: int


def check_bind(*hosts: str) -> None:
    """
    Raises:
        BindNeedsAccounts: one of them can be reached from other machines.
    """
    for host in hosts:
        if not is_loopback(host):
            raise BindNeedsAccounts(host=host or "0.0.0.0")


@asynccontextmanager
async def running(bind: Bind, failed: Callable[[Exception], None]) -> AsyncIterator[None]:
    """Everything that lives as long as the server.

    `failed` is told when the start does not succeed and decides how the process ends; no
    request is answered then.
    """
    _quieten()
    sys.setswitchinterval(SWITCH_S)
    try:
        bench, access = await asyncio.to_thread(_open, bind)
    except Exception as error:
        failed(error)
        raise
    guard = asyncio.create_task(_refresh(access))
    try:
        yield
    finally:
        guard.cancel()
        set_access(None)
        set_current(None)
        await asyncio.to_thread(bench.close)


def exit_with(error: Exception) -> None:
    """End the process with one line: under `streamlit run` nobody else would turn it into one."""
    set_language(choose_language(os.environ.get("ENGAWA_LANG"), os.environ.get("LANG")))
    shown = error if isinstance(error, WorkbenchError) else InternalFault()
    sys.stdout.flush()
    sys.stderr.write(" ".join(f"error: {shown.message()} {shown.hint()}".split()) + "\n")
    sys.stderr.flush()
    os._exit(1)  # an exception here would be printed with its traceback by the server


def _open(bind: Bind) -> tuple[Workbench, Access]:
    check_bind(bind.host)
    settings = load_settings(port=bind.port)
    check_bind(settings.host)
    return _opened(settings)


def _opened(settings: Settings) -> tuple[Workbench, Access]:
    bench = Workbench.open(settings)
    try:
        access = Access(bench.store, settings.paths)
    except BaseException:
        bench.close()
        raise
    set_current(bench)
    set_access(access)
    return bench, access


async def _refresh(access: Access) -> None:
    while True:
        await asyncio.sleep(REFRESH_S)
        try:
            await asyncio.to_thread(access.refresh)
        except StorageError as error:
            _log.warning("access.refresh", error=error.code)


class _NoTracebacks(logging.Filter):
    """What the server could not handle goes into the log, not onto the terminal."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, Exception):
            _log.exception("server.fault", error)
        return record.exc_info is None


def _quieten() -> None:
    logging.getLogger("uvicorn.access").disabled = True  # Streamlit gives it a handler
    logger = logging.getLogger("uvicorn.error")
    logger.setLevel(logging.WARNING)  # every accepted socket is a line otherwise
    if not any(isinstance(one, _NoTracebacks) for one in logger.filters):
        logger.addFilter(_NoTracebacks())
