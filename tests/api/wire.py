"""Frames over a real socket, for tests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

Frame = dict[str, Any]


def receive(socket: ClientConnection, timeout_s: float = 5) -> Frame:
    frame = json.loads(socket.recv(timeout=timeout_s))
    assert isinstance(frame, dict)
    return frame


def until(socket: ClientConnection, wanted: Callable[[Frame], bool]) -> list[Frame]:
    """All frames up to the wanted one."""
    seen: list[Frame] = []
    while not seen or not wanted(seen[-1]):
        seen.append(receive(socket))
    return seen


def send(socket: ClientConnection, **frame: Any) -> None:
    socket.send(json.dumps(frame))


def eventually(true: Callable[[], bool], within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.02)


def close_code(socket: ClientConnection) -> int:
    """Read to the end and tell how the server ended it."""
    try:
        while True:
            socket.recv(timeout=10)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006
