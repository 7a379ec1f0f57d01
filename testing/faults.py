"""Killing, filling and unplugging: faults for a process that stores things.

A `Nursery` is a process with the shim (faults.c) loaded and the code imported; it forks a child
per run, which makes thousands of kills affordable:

    with Nursery() as nursery:
        outcome = nursery.run("testing.writing:write", root=folder, ledger=file, kill_at=17)

The function runs in the child with `root` and `ledger` (both `Path`) and the given `options`; it
acknowledges what is stored with `acknowledge`. The ledger lies outside the folder and outlives
the child. `kill_at` counts writes, syncs, truncations, renames and unlinks below `root`.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

SOURCE = Path(__file__).with_name("faults.c")
DISK_FULL = errno.ENOSPC
READ_ONLY = errno.EROFS


def why_not() -> str | None:
    """Why the shim cannot be used here; `None`: it can."""
    if not sys.platform.startswith("linux"):
        return "the fault shim needs Linux"
    return None if shutil.which("gcc") else "the fault shim needs gcc"


def build_shim() -> Path:
    """Compile the shim once per version of its source; the path of the library."""
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    library = Path(tempfile.gettempdir()) / f"engawa-faults-{os.getuid()}-{digest}.so"
    if not library.exists():
        unfinished = library.with_suffix(f".{os.getpid()}")
        command = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(unfinished), str(SOURCE), "-ldl"]
        subprocess.run([*command, "-lpthread"], check=True, capture_output=True)
        unfinished.replace(library)
    return library


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one child ended. `error`: what its function raised; `points`: counted operations."""

    killed: bool
    error: str | None
    points: int
    result: Any = None


def acknowledge(ledger: Path, identity: str) -> None:
    """Note outside the data folder that this was stored (one line; survives a kill)."""
    descriptor = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"{identity}\n".encode())
    finally:
        os.close(descriptor)


def acknowledged(ledger: Path) -> list[str]:
    """What was acknowledged, in order."""
    return ledger.read_text().split() if ledger.exists() else []


class Nursery:
    """A process with the shim in it, which forks the children."""

    def __init__(self) -> None:
        environment = {**os.environ, "LD_PRELOAD": str(build_shim())}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "testing.faults"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=SOURCE.parent.parent,
            env=environment,
            text=True,
        )

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def run(
        self,
        function: str,
        *,
        root: Path,
        ledger: Path,
        kill_at: int = 0,
        kill_after_s: float | None = None,
        kill_after_lines: int = 0,
        torn: bool = False,
        record: Path | None = None,
        fail_at: int = 0,
        error: int = 0,
        toggle: Path | None = None,
        **options: Any,
    ) -> Outcome:
        """Run "module:function" in a new child.

        `kill_after_s` counts from the fork, or from when the ledger has grown by
        `kill_after_lines`. `torn`: the write that is killed is half done. `record`: file for
        `power.Recording`. From the `fail_at`-th operation on, writing fails with `error` while
        `toggle` exists.
        """
        shim = [str(root), str(ledger), str(record or ""), str(toggle or "")]
        order = {
            "function": function,
            "shim": [*shim, kill_at, int(torn), fail_at, error],
            "kill_after": [kill_after_lines, kill_after_s],
            "options": options,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))


# --- inside the nursery -----------------------------------------------------------------------


def _serve() -> None:
    shim = ctypes.CDLL(None)
    os.environ.pop("LD_PRELOAD", None)
    for line in sys.stdin:
        order = json.loads(line)
        _function(order["function"])  # imported once, here, for all children
        before = len(acknowledged(Path(order["shim"][1])))
        reply, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reply)
            _child(shim, order, write_end)
        os.close(write_end)
        lines, seconds = order["kill_after"]
        if seconds is not None:
            _kill(child, Path(order["shim"][1]), before + lines, seconds)
        answer = _wait(child, reply)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _child(shim: ctypes.CDLL, order: dict[str, Any], write_end: int) -> None:
    error, result = None, None
    try:
        texts = [os.fsencode(text) for text in order["shim"][:4]]
        kill_at, torn, fail_at, code = order["shim"][4:]
        shim.faults_arm(*texts, ctypes.c_long(kill_at), torn, ctypes.c_long(fail_at), code)
        root, ledger = (Path(text) for text in order["shim"][:2])
        result = _function(order["function"])(root=root, ledger=ledger, **order["options"])
    except BaseException as raised:
        error = f"{type(raised).__name__}: {raised}"
    shim.faults_count.restype = ctypes.c_long
    said = {"error": error, "result": result, "points": shim.faults_count()}
    os.write(write_end, json.dumps(said).encode())
    os._exit(0)


def _kill(child: int, ledger: Path, lines: int, seconds: float) -> None:
    deadline = time.monotonic() + 30
    while len(acknowledged(ledger)) < lines and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)


def _wait(child: int, reply: int) -> dict[str, Any]:
    with os.fdopen(reply) as pipe:
        said = pipe.read()
    _pid, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status)
    empty = {"error": None, "result": None, "points": 0}
    return {"killed": killed, **(json.loads(said) if said and not killed else empty)}


def _function(name: str) -> Any:
    module, _colon, function = name.partition(":")
    return cast(Any, getattr(importlib.import_module(module), function))


if __name__ == "__main__":
    _serve()
