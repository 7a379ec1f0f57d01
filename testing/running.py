"""The whole app as a process of its own, on a free port and a data folder of its own.

with running(tmp / "data") as server:                 # scripted people: testing.demo
with running(tmp / "data", serve=True) as server:     # the real thing
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from core.paths import PROJECT
from testing.patience import within

CHROMIUM = os.environ.get("ENGAWA_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
START_S = 60
NOBODY = "http://127.0.0.1:9"  # nothing listens there


@dataclass(frozen=True)
class Server:
    """One running app, and what a program may ask of it."""

    url: str
    data: Path
    process: subprocess.Popen[bytes]

    @property
    def client(self) -> httpx.Client:
        token = (self.data / "local-token").read_text(encoding="utf-8").strip()
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=30
        )

    def room(self, name: str, *members: str) -> str:
        """A new room; its id."""
        with self.client as client:
            made = client.post("/api/v1/rooms", json={"name": name, "members": list(members)})
            made.raise_for_status()
            return str(made.json()["id"])

    def say(self, room: str, content: str, sender: str = "Guest") -> int:
        with self.client as client:
            body = {"room": room, "sender": sender, "content": content}
            said = client.post("/api/message", json=body)
            said.raise_for_status()
            return int(said.json()["seq"])

    def lines(self, room: str) -> list[dict[str, Any]]:
        with self.client as client:
            return list(client.get("/api/messages", params={"room": room}).json()["messages"])

    def wait_idle(self, room: str, timeout_s: float = 30) -> list[dict[str, Any]]:
        """All lines, once nobody speaks any more."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            lines = self.lines(room)
            if lines and all(line["status"] != "pending" for line in lines):
                time.sleep(0.4)  # the next turn may be about to begin
                if len(self.lines(room)) == len(lines):
                    return lines
            time.sleep(0.1)
        raise AssertionError("the room did not come to rest")


@contextmanager
def running(
    data: Path, *, serve: bool = False, pause_ms: float = 20, **variables: str
) -> Iterator[Server]:
    """Start, wait until it answers, and end it afterwards. `variables` go to its environment.

    Raises:
        AssertionError: it ended, or did not answer within a minute (longer on a crowded machine).
    """
    port = free_port()
    environment = {**os.environ, "ENGAWA_OLLAMA_URL": NOBODY, "PYTHONUNBUFFERED": "1"}
    environment.pop("ENGAWA_LANG", None)
    environment |= {"ENGAWA_DATA_DIR": str(data), **variables}
    command = [sys.executable, "-m"]
    if serve:
        command += ["core", "serve", "--port", str(port), "--no-browser"]
    else:
        command += ["testing.demo", "--port", str(port), "--pause-ms", str(pause_ms)]
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
    server = Server(f"http://127.0.0.1:{port}", data, process)
    try:
        _wait(server)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=20)


def free_port() -> int:
    """A port on which nothing listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: Server) -> None:
    end = time.monotonic() + within(START_S)
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise AssertionError(f"the server ended with {server.process.returncode}")
        try:
            if httpx.get(server.url + "/health", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("the server did not start")
