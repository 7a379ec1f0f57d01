"""`bench rooms`: one room, 100 listeners, 50 messages a second; and what 200 idle rooms cost.

The real app serves a temporary data folder in a process of its own. The listeners live in
another process and read raw frames, so that the figures are the server's: from the moment a
message is sent until each listener has it, stored on disk in between. The room has no agents:
only delivery is measured.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect

PROJECT = Path(__file__).resolve().parent.parent
LISTENERS = 100
RATE = 50  # messages a second
SECONDS = 20.0
IDLE_ROOMS = 200
IDLE_SECONDS = 10.0
QUIET_SECONDS = 15.0


def run(runs: int) -> dict[str, object]:
    """Medians over `runs`; `lost` and `reordered` are the sums, and must be 0.

    `idle_core_percent` is what the server uses of one core while 200 rooms, each with one
    listener, have nothing to say; `empty_core_percent` the same without any room.
    """
    found = [_one() for _ in range(runs)]
    summed = {"lost", "reordered", "delivered"}
    return {
        name: sum(one[name] for one in found)
        if name in summed
        else round(statistics.median(one[name] for one in found), 3)
        for name in found[0]
    } | {"listeners": LISTENERS, "messages_per_s": RATE, "idle_rooms": IDLE_ROOMS}


@dataclass(frozen=True)
class App:
    """A running app and its process."""

    url: str
    token: str
    process: psutil.Process

    def api(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=30
        )

    def core_percent(self, seconds: float) -> float:
        """The share of one core that the app's own process uses over `seconds`."""
        before, started = self.cpu_seconds(), time.monotonic()
        time.sleep(seconds)
        return 100 * (self.cpu_seconds() - before) / (time.monotonic() - started)

    def cpu_seconds(self) -> float:
        """Processor time of the app's own process so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def served() -> Iterator[App]:
    """The app on a temporary data folder and a free port, as `serve` starts it."""
    with tempfile.TemporaryDirectory(prefix="engawa-bench-") as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "core", "serve", "--no-browser"]
        child = subprocess.Popen(
            [*command, "--port", str(port), "--storage", folder],
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"ENGAWA_OLLAMA_URL": "http://127.0.0.1:9"},
        )
        try:
            _wait_for(url, child)
            token = (Path(folder) / "local-token").read_text().strip()
            yield App(url, token, psutil.Process(child.pid))
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(20)


def _wait_for(url: str, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise RuntimeError(f"the app ended with {child.returncode}")
        try:
            if httpx.get(f"{url}/ping", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise RuntimeError("the app did not start within 60 s")


def _one() -> dict[str, Any]:
    with served() as app, app.api() as api:
        empty = app.core_percent(IDLE_SECONDS)
        room = api.post("/api/v1/rooms", json={"name": "crowd"}).raise_for_status().json()["id"]
        used, started = app.cpu_seconds(), time.monotonic()
        crowd = _clients(app, "crowd", [room])
        busy = 100 * (app.cpu_seconds() - used) / (time.monotonic() - started)
        rooms = [
            api.post("/api/v1/rooms", json={"name": f"idle {number}"}).json()["id"]
            for number in range(IDLE_ROOMS)
        ]
        idle = _clients(app, "idle", rooms, measure=app)
        crowd["busy_core_percent"] = busy
        return {**crowd, "idle_core_percent": idle, "empty_core_percent": empty}


def _clients(app: App, part: str, rooms: list[str], measure: App | None = None) -> Any:
    """Run the listeners in their own process and give what they found."""
    given = json.dumps({"url": app.url, "token": app.token, "rooms": rooms})
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.rooms", part],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(given + "\n")
    child.stdin.flush()
    assert child.stdout.readline() == "ready\n"
    found = measure.core_percent(IDLE_SECONDS) if measure else None
    child.stdin.close()
    line = child.stdout.readline()
    child.wait(60)
    return json.loads(line) if measure is None else found


# --- the listeners' process -------------------------------------------------------------------


@dataclass
class Listener:
    """One client: when each message came, in the order it came."""

    arrivals: list[tuple[int, float]]

    async def listen(self, connection: ClientConnection) -> None:
        async for text in connection:
            now = time.monotonic()
            frame = json.loads(text)
            if frame["type"] == "message":
                self.arrivals.append((frame["seq"], now - float(frame["content"])))


async def _open(given: dict[str, Any], room: str) -> ClientConnection:
    return await connect(
        f"{given['url'].replace('http', 'ws')}/ws?room={room}&after=0",
        additional_headers={"Authorization": f"Bearer {given['token']}"},
        compression=None,
        proxy=None,
        max_queue=None,
    )


async def _crowd(given: dict[str, Any]) -> dict[str, Any]:
    room, wanted = given["rooms"][0], int(RATE * SECONDS)
    connections = [await _open(given, room) for _ in range(LISTENERS)]
    listeners = [Listener([]) for _ in connections]
    tasks = [
        asyncio.create_task(one.listen(connection))
        for one, connection in zip(listeners, connections, strict=True)
    ]
    _say("ready")
    speaker = await _open(given, room)
    drain = asyncio.create_task(Listener([]).listen(speaker))
    started = time.monotonic()
    for number in range(wanted):
        await asyncio.sleep(max(0.0, started + number / RATE - time.monotonic()))
        said = {"type": "message", "content": repr(time.monotonic()), "sender": "bench"}
        await speaker.send(json.dumps(said))
    # Late is not lost: only what does not come while nothing comes any more is.
    seen, quiet_since = 0, time.monotonic()
    while seen < wanted * LISTENERS and time.monotonic() < quiet_since + QUIET_SECONDS:
        await asyncio.sleep(0.05)
        now = sum(len(one.arrivals) for one in listeners)
        seen, quiet_since = now, time.monotonic() if now > seen else quiet_since
    for task in (drain, *tasks):
        task.cancel()
    for connection in (speaker, *connections):
        connection.transport.abort()
    client = 100 * time.process_time() / (time.monotonic() - started)
    return _judged(listeners, wanted) | {"client_core_percent": client}


def _judged(listeners: list[Listener], wanted: int) -> dict[str, Any]:
    delays = sorted(1000 * delay for one in listeners for _seq, delay in one.arrivals)
    seqs = [[seq for seq, _delay in one.arrivals] for one in listeners]
    cuts = statistics.quantiles(delays, n=100, method="inclusive")
    return {
        "p50_ms": cuts[49],
        "p95_ms": cuts[94],
        "p99_ms": cuts[98],
        "max_ms": delays[-1],
        "lost": sum(wanted - len(set(seen)) for seen in seqs),
        "reordered": sum(a >= b for seen in seqs for a, b in zip(seen, seen[1:], strict=False)),
        "delivered": len(delays),
    }


async def _idle(given: dict[str, Any]) -> dict[str, Any]:
    connections = [await _open(given, room) for room in given["rooms"]]
    _say("ready")
    await asyncio.to_thread(sys.stdin.read)
    for connection in connections:
        connection.transport.abort()
    return {}


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    part = {"crowd": _crowd, "idle": _idle}[sys.argv[1]]
    _say(json.dumps(asyncio.run(part(json.loads(sys.stdin.readline())))))
