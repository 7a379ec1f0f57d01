"""One runner process as the app sees it: spawn, send orders, pass replies on, notice its end."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import ProviderError, RunnerGone, WorkbenchError, by_code
from core.logs import part_logger
from core.paths import PROJECT
from core.runner import protocol
from core.runner.loading import AS_IT_COMES, LoadOptions, to_words
from core.runner.protocol import Wanted

log = part_logger("runner")

Reply = dict[str, Any]
Inbox = queue.SimpleQueue[Reply]
HOST = "core.runner.host"
GONE = "gone"  # put into every inbox when the process ended
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "MALLOC_ARENA_MAX": "2",
    "PYTHONUTF8": "1",
}
PIPE_BYTES = 1024 * 1024  # a whole conversation fits, so that sending one never waits
GRACE_S = 0.5
LINE_LIMIT = 300


class RunnerProcess:
    """A child that holds one model. Orders may be sent at once; they wait until it is loaded.

    `module` is the child's program. `report` is what it told when it was ready, `adapters_held`
    what it last told of the bytes that adapters hold (empty: nothing yet). `on_ready(self)`
    and `on_end(self)` are called in the thread that reads from the child. That thread lives as
    long as the child: Linux ties a child's life to the thread that spawned it, not to the
    process.
    """

    def __init__(
        self,
        ref: str,
        folder: Path,
        stderr_file: Path,
        on_ready: Callable[[RunnerProcess], None],
        on_end: Callable[[RunnerProcess], None],
        module: str = HOST,
        load: LoadOptions = AS_IT_COMES,
    ) -> None:
        self.ref = ref
        self.load = load
        self.report: Reply = {}
        self.adapters_held: Mapping[str, int] = {}
        self.since = datetime.now(UTC)
        self.begun = time.monotonic()
        self.load_s: float | None = None
        self.answered = False
        self.error: ProviderError | None = None
        self._folder = folder
        self._stderr_file = stderr_file
        self._on_ready, self._on_end = on_ready, on_end
        self._module = module
        self._child: subprocess.Popen[bytes] | None = None
        self._spawned = threading.Event()
        self._ended = threading.Event()
        self._sending = threading.Lock()
        self._inboxes: dict[int, Inbox] = {}
        self._numbers = itertools.count(1)
        self._thread = threading.Thread(target=self._live, name=f"runner {ref}", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def ready(self) -> bool:
        return self.load_s is not None

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    def ask(self, wanted: Wanted) -> tuple[int, Inbox]:
        """Send a question; replies come into the inbox, `GONE` when the process ends."""
        number, inbox = next(self._numbers), Inbox()
        self._inboxes[number] = inbox
        self._send(protocol.order(number, wanted))
        if self.ended:  # it may have ended before the inbox was there
            inbox.put({"say": GONE})
        return number, inbox

    def finish(self, number: int, *, cancel: bool) -> None:
        """No more replies to this question are wanted."""
        if cancel:
            self._send({"do": protocol.CANCEL, "id": number})
        self._inboxes.pop(number, None)

    def end(self, *, grace_s: float = GRACE_S) -> None:
        """End the process, by force after `grace_s`; returns when it is gone."""
        self._spawned.wait()
        if self._child is not None:
            with self._sending, contextlib.suppress(OSError):
                if self._child.stdin is not None:
                    self._child.stdin.close()
            try:
                self._child.wait(grace_s)
            except subprocess.TimeoutExpired:
                self._child.kill()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def kill(self) -> None:
        """End a process that does not react, without waiting."""
        if self._child is not None:
            self._child.kill()

    def memory_bytes(self) -> int | None:
        """Its share of the machine's memory (PSS, elsewhere RSS); `None` when unknown."""
        if self.pid is None or self.ended:
            return None
        try:
            rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
            return int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.M)[1]) * 1024  # type: ignore[index]
        except (OSError, TypeError):
            return _resident_bytes(self.pid)

    def _send(self, order: dict[str, Any]) -> None:
        self._spawned.wait()
        with self._sending, contextlib.suppress(OSError, ValueError):  # its end is told elsewhere
            if self._child is not None and self._child.stdin is not None:
                self._child.stdin.write(protocol.encode(order))

    def _live(self) -> None:
        try:
            self._child = self._spawn()
        except OSError as error:
            self.error = RunnerGone(model=self.ref, detail=error.strerror or str(error))
        finally:
            self._spawned.set()
        try:
            if self._child is not None:
                self._read(self._child)
        finally:
            self._ended.set()
            for inbox in list(self._inboxes.values()):
                inbox.put({"say": GONE})
            self._on_end(self)

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", self._module, str(self._folder)]
        command += ["--ref", self.ref, "--parent", str(os.getpid())]
        command += ["--load", json.dumps(to_words(self.load))]
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows: Ctrl-C is the app's
        with self._stderr_file.open("wb") as stderr:
            child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=PROJECT,
                env={**os.environ, **ENVIRONMENT},
                bufsize=0,
                start_new_session=True,
                creationflags=flags,
            )
        _widen(child)
        log.info("runner.started", ids={"model": self.ref, "pid": child.pid})
        return child

    def _read(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None
        with open(child.stdout.fileno(), "rb", closefd=False) as lines:
            for line in lines:
                reply = protocol.decode(line)
                if reply is not None:
                    self._take(reply)
        status = child.wait()
        child.stdout.close()
        with self._sending, contextlib.suppress(OSError):
            if child.stdin is not None:
                child.stdin.close()
        self.error = self.error or RunnerGone(model=self.ref, detail=self._why(status))
        log.info("runner.ended", ids={"model": self.ref, "pid": child.pid}, status=status)

    def _take(self, reply: Reply) -> None:
        kind, number = reply.get("say"), reply.get("id")
        if kind == protocol.READY:
            self.report = {name: reply[name] for name in reply if name not in ("say", "load_s")}
            self.load_s = time.monotonic() - self.begun
            self._on_ready(self)
        elif kind == protocol.FAILED and number is None:
            self.error = as_error(reply, self.ref)
        elif number is not None:
            self.answered = self.answered or kind in (protocol.TEXT, protocol.DONE)
            self.adapters_held = reply.get("adapters_held", self.adapters_held)
            inbox = self._inboxes.get(number)
            if inbox is not None:
                inbox.put(reply)

    def _why(self, status: int) -> str:
        if status < 0:
            with contextlib.suppress(ValueError):
                return f"ended by {signal.Signals(-status).name}"
        return _last_line(self._stderr_file) or f"exit status {status}"


def as_error(reply: Reply, ref: str) -> ProviderError:
    """The error that a runner reported."""
    found = by_code(str(reply.get("code")))
    kind: type[WorkbenchError] = found if issubclass(found, ProviderError) else ProviderError
    error = kind(**{"model": ref, "detail": "", **reply.get("params", {})})
    assert isinstance(error, ProviderError)
    return error


def _widen(child: subprocess.Popen[bytes]) -> None:
    """Let the pipe to the child hold more, where the system can."""
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import fcntl

        if child.stdin is not None:
            fcntl.fcntl(child.stdin, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _last_line(file: Path) -> str:
    try:
        lines = file.read_bytes()[-4096:].decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].strip()[:LINE_LIMIT].rstrip(".") if lines else ""


def _resident_bytes(pid: int) -> int | None:
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None
