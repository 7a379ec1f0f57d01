"""The whole app in a process of its own, for tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from core.paths import PROJECT

SERVE = [sys.executable, "-m", "core", "serve", "--no-browser", "--port"]
STREAMLIT = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def environment(folder: Path, **given: str) -> dict[str, str]:
    kept = {name: v for name, v in os.environ.items() if not name.startswith("STREAMLIT_")}
    return (
        kept | {"ENGAWA_DATA_DIR": str(folder), "ENGAWA_OLLAMA_URL": "http://127.0.0.1:9"} | given
    )


@contextmanager
def running(folder: Path, command: list[str]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    port = free_port()
    child = subprocess.Popen(
        [*command, str(port)],
        cwd=PROJECT,
        env=environment(folder),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while not _answers(url):
            assert child.poll() is None, child.communicate()
            assert time.monotonic() < deadline, "it did not start"
            time.sleep(0.05)
        yield url, child
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ping", timeout=2).json() == {"ping": "pong"}
    except (httpx.HTTPError, ValueError):
        return False


def refused(folder: Path, command: list[str], **given: str) -> str:
    """Start what must not start; the one line that it says."""
    ended = subprocess.run(
        [*command, str(free_port())] if command[-1].endswith("port") else command,
        cwd=PROJECT,
        env=environment(folder, **given),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith("error: ")
    return lines[0]
