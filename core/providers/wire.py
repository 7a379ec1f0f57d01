"""The wire to a model server: every wait is bounded, watched and can be cut.

httpx's own time limits restart with every byte and cannot be interrupted. So the sockets wait
here, in slices: each slice looks at the cancel event and at what is left of the time limit. An
error raised in a wait closes the connection, and that stops the run on the server.
"""

from __future__ import annotations

import ipaddress
import queue
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore

from core.providers.watch import Watch, current_watch

_Address = tuple[socket.AddressFamily, Any]


class WatchedBackend(httpcore.NetworkBackend):
    """Opens connections whose every wait belongs to the current watch."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 (the watch has the limits)
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers.

        Raises:
            ServerAway: none did within the watch's `connect_s`.
        """
        watch = current_watch()
        until = time.monotonic() + watch.connect_s
        for family, address in _addresses(host, port, watch, until):
            sock = _connected(family, address, watch, until)
            if sock is not None:
                return _WatchedStream(sock, watch)
        raise watch.away()

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        raise NotImplementedError("model servers listen on TCP")

    def sleep(self, seconds: float) -> None:
        current_watch().pause(seconds)


class _WatchedStream(httpcore.NetworkStream):
    def __init__(self, sock: socket.socket, watch: Watch) -> None:
        self._sock, self._watch = sock, watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        def receive(slice_s: float) -> bytes:
            self._sock.settimeout(slice_s)
            return self._sock.recv(max_bytes)

        try:
            data = self._watch.wait(receive)
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        self._watch.received = self._watch.received or bool(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        def send(slice_s: float) -> int:
            self._sock.settimeout(slice_s)
            return self._sock.send(rest)

        rest = memoryview(buffer)
        try:
            while rest:
                rest = rest[self._watch.wait(send) :]
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        self._sock.settimeout(self._watch.connect_s)
        try:
            sock = ssl_context.wrap_socket(self._sock, server_hostname=server_hostname)
        except (OSError, ssl.SSLError) as error:
            self.close()
            raise self._watch.away() from error
        return _WatchedStream(sock, self._watch)

    def get_extra_info(self, info: str) -> Any:
        return self._sock if info == "socket" else None


def _addresses(host: str, port: int, watch: Watch, until: float) -> list[_Address]:
    try:
        numeric = ipaddress.ip_address(host)
    except ValueError:
        return watch.wait(_Resolving(host, port, until))
    family = socket.AF_INET if numeric.version == 4 else socket.AF_INET6
    return [(family, (host, port))]


class _Resolving:
    """Looks a name up in a thread, because a resolver can neither be limited nor interrupted."""

    def __init__(self, host: str, port: int, until: float) -> None:
        self._until = until
        self._found: queue.Queue[list[_Address]] = queue.Queue()
        threading.Thread(
            target=self._look_up, args=(host, port), name="ollama-resolve", daemon=True
        ).start()

    def __call__(self, slice_s: float) -> list[_Address]:
        """The addresses found so far within `slice_s`; none after the time for connecting."""
        try:
            return self._found.get(timeout=slice_s)
        except queue.Empty:
            if time.monotonic() > self._until:
                return []
            raise TimeoutError from None

    def _look_up(self, host: str, port: int) -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        self._found.put([(family, address) for family, _kind, _proto, _name, address in found])


def _connected(
    family: socket.AddressFamily, address: Any, watch: Watch, until: float
) -> socket.socket | None:
    """A connection to one address, `None` when it does not accept one in time."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if _connects(sock, address, watch, until):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    except OSError:
        pass
    except BaseException:
        sock.close()
        raise
    sock.close()
    return None


def _connects(sock: socket.socket, address: Any, watch: Watch, until: float) -> bool:
    sock.setblocking(False)
    with suppress(BlockingIOError):
        sock.connect(address)
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)

        def ready(slice_s: float) -> bool:
            if selector.select(min(slice_s, max(0.0, until - time.monotonic()))):
                return True
            if time.monotonic() > until:
                return False
            raise TimeoutError

        return watch.wait(ready) and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
