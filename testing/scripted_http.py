"""An HTTP server on loopback whose every byte and pause is written in a script.

    server = ScriptedHttp()
    server.on("/x", [Head(200, {"Content-Type": "text/plain"}), Body(b"he"), Pause(0.5), Reset()])
    server.start(); server.url

A script is a list of steps, or a function from the request to such a list (or generator). Each
connection has a thread of its own and serves one request; what came is kept in `requests`.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple


class Raw(NamedTuple):
    """Bytes as they go over the wire."""

    data: bytes


class Head(NamedTuple):
    """Status line and headers. Without a Content-Length the body is sent in chunks.

    `Connection: close` is added, because each connection serves one request.
    """

    status: int = 200
    headers: Mapping[str, str] = {"Content-Type": "application/x-ndjson"}


class Body(NamedTuple):
    """One piece of the body: one chunk of a chunked one."""

    data: bytes


class Pause(NamedTuple):
    """Seconds of silence; ends early when the client goes."""

    seconds: float


class Drip(NamedTuple):
    """A body sent byte by byte, with a pause after each."""

    data: bytes
    every_s: float


class End(NamedTuple):
    """The orderly end of a chunked body."""


class Reset(NamedTuple):
    """Break the connection with a TCP reset."""


class Hang(NamedTuple):
    """Say nothing more until the client goes or the server is stopped."""


Step = Raw | Head | Body | Pause | Drip | End | Reset | Hang


@dataclass(eq=False)
class Request:
    """One request as it came. `gone` is set when the client left before the script's end."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    gone: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Script = Iterable[Step] | Callable[[Request], Iterable[Step]]


class ScriptedHttp:
    """The server. `on` sets what a path answers; several scripts are used in turn, the last stays.

    Also a context manager. Reusable after `stop`, on the same port: a restarted server.
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.requests: list[Request] = []
        self._routes: dict[str, list[Script]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._listener: socket.socket | None = None
        self._threads: set[threading.Thread] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on(self, path: str, *scripts: Script) -> None:
        with self._lock:
            self._routes[path] = list(scripts)

    def to(self, path: str) -> list[Request]:
        """The requests to one path so far."""
        with self._lock:
            return [request for request in self.requests if request.path == path]

    def start(self) -> ScriptedHttp:
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self._listener.settimeout(0.5)  # where shutdown does not wake a thread in accept
        self.port = self._listener.getsockname()[1]
        self._run(self._accept, self._listener)
        return self

    def stop(self) -> None:
        """End at once: running answers break off."""
        self._stopping.set()
        if self._listener is not None:
            with suppress(OSError):  # wakes the thread in accept
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(timeout=2)

    def __enter__(self) -> ScriptedHttp:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- serving ------------------------------------------------------------------------

    def script_for(self, request: Request) -> Script:
        """What to answer; without a route a 404 like Go's."""
        with self._lock:
            scripts = self._routes.get(request.path)
            if scripts:
                return scripts.pop(0) if len(scripts) > 1 else scripts[0]
        return whole(404, b"404 page not found", {"Content-Type": "text/plain"})

    def _run(self, target: Callable[..., None], *args: Any) -> None:
        def run() -> None:
            try:
                target(*args)
            finally:
                with self._lock:
                    self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name="scripted-http", daemon=True)
        with self._lock:  # started before anybody who stops may wait for it
            self._threads.add(thread)
            thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                connection, _address = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self._run(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(10)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                request = _read(connection)
            except (OSError, ValueError):
                return
            if request is None:
                return
            with self._lock:
                self.requests.append(request)
            script = self.script_for(request)
            steps = script(request) if callable(script) else script
            _Player(connection, request, self._stopping).play(steps)


class _Player:
    """Plays one script on one connection."""

    def __init__(
        self, connection: socket.socket, request: Request, stopping: threading.Event
    ) -> None:
        self._connection, self._request, self._stopping = connection, request, stopping
        self._chunked = True

    def play(self, steps: Iterable[Step]) -> None:
        try:
            for step in steps:
                if not self._do(step) or self._stopping.is_set():
                    break
        except OSError:
            self._request.gone.set()
        finally:
            self._request.done.set()

    def _do(self, step: Step) -> bool:
        match step:
            case Raw(data):
                self._connection.sendall(data)
            case Head():
                self._head(step)
            case Body(data):
                self._connection.sendall(self._framed(data))
            case Pause(seconds):
                return self._silent(seconds)
            case Drip(data, every_s):
                return all(self._drop(bytes([byte]), every_s) for byte in data)
            case End():
                self._connection.sendall(b"0\r\n\r\n" if self._chunked else b"")
            case Reset():
                linger = struct.pack("ii", 1, 0)
                self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return False
            case Hang():
                return self._silent(float("inf"))
        return True

    def _head(self, head: Head) -> None:
        names = {name.lower() for name in head.headers}
        self._chunked = "content-length" not in names
        headers = dict(head.headers)
        if self._chunked and "transfer-encoding" not in names:
            headers["Transfer-Encoding"] = "chunked"
        if "connection" not in names:
            headers["Connection"] = "close"
        phrase = HTTPStatus(head.status).phrase
        lines = [f"HTTP/1.1 {head.status} {phrase}", *(f"{k}: {v}" for k, v in headers.items())]
        self._connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def _framed(self, data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data) if self._chunked and data else data

    def _drop(self, byte: bytes, every_s: float) -> bool:
        self._connection.sendall(self._framed(byte))
        return self._silent(every_s)

    def _silent(self, seconds: float) -> bool:
        """Wait; false when the client has gone or the server stops."""
        until = time.monotonic() + seconds
        while not self._stopping.is_set():
            rest = until - time.monotonic()
            if rest <= 0:
                return True
            readable, _, _ = select.select([self._connection], [], [], min(rest, 0.05))
            if readable and not self._connection.recv(1, socket.MSG_PEEK):
                self._request.gone.set()
                return False
        return False


def whole(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> list[Step]:
    """The steps of an ordinary answer with a Content-Length."""
    given = headers or {"Content-Type": "application/json; charset=utf-8"}
    return [Head(status, {**given, "Content-Length": str(len(body))}), Body(body)]


def _read(connection: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    method, path, _version = first.split(" ")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)
    }
    while len(body) < int(headers.get("content-length", "0")):
        piece = connection.recv(65536)
        if not piece:
            return None
        body += piece
    return Request(method, path, headers, body)
