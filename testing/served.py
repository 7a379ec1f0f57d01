"""The whole app as a user runs it: `python -m core serve` in a process of its own.

with ServedApp(folder) as app:
    app.http.get("/api/v1/rooms")
    app.kill()                        # without a word
    app.start()                       # on the same port
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from core.client.address import Address, find_token
from core.client.http import Http
from core.client.socket import Socket
from core.errors import AppNotRunning
from core.paths import PROJECT, DataPaths

START_S = 60.0


def free_port() -> int:
    """A port of loopback that nobody uses just now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def command(*arguments: str) -> list[str]:
    """A command line of Engawa with this very Python."""
    return [sys.executable, "-m", "core", *arguments]


class ServedApp:
    """A context manager; `environment` is set on top of this process's own."""

    def __init__(
        self, folder: Path, *, environment: Mapping[str, str] | None = None, port: int | None = None
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._given = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def environment(self) -> dict[str, str]:
        """What a command on the same data folder needs."""
        return {**os.environ, **self._given, "ENGAWA_DATA_DIR": str(self.folder)}

    @property
    def http(self) -> Http:
        """Requests with the local owner's token."""
        address = Address("127.0.0.1", self.port)
        return Http(address, find_token(address, DataPaths(self.folder)))

    def socket(self, room: str, **given: Any) -> Socket:
        return Socket(self.http, room, **given)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            command("serve", "--port", str(self.port), "--no-browser"),
            env=self.environment,
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                said = self._process.communicate()[1]
                raise RuntimeError(f"serve did not start: {said!r}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it as a user does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a word."""
        self._end(signal.SIGKILL)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        try:
            return "status" in Http(Address("127.0.0.1", self.port), "-").get("/health")
        except AppNotRunning:
            return False

    def _end(self, number: int) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(number)
        try:
            self._process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
