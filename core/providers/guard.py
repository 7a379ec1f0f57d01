"""What every answer of a model server must pass before anybody reads it.

Redirects, statuses, compressed bodies (nobody asked for one: it may be a bomb), oversize bodies
and connections that break become our errors here, whatever protocol the server speaks.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpcore

from core.errors import ProviderError, ServerFault, StreamBroken
from core.providers.base import Chunk
from core.providers.faults import Fault, from_response, shortened
from core.providers.watch import Watch, backoff_s
from core.providers.wire import WatchedBackend

ERROR_LIMIT_BYTES = 64 << 10
BODY_LIMIT_BYTES = 32 << 20


FaultOf = Callable[[str, int, bytes, dict[str, str]], Fault]


class Refused(Exception):
    """The server did not begin to answer. Never leaves the provider, which may try again."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(str(fault.error))


def connections(tls: ssl.SSLContext | None = None) -> httpcore.ConnectionPool:
    """One connection a request: closing it is what stops a run, and none can have gone stale."""
    return httpcore.ConnectionPool(
        ssl_context=tls,
        max_connections=None,
        max_keepalive_connections=0,
        network_backend=WatchedBackend(),
    )


def opened(
    pool: httpcore.ConnectionPool,
    request: httpcore.Request,
    watch: Watch,
    meant: FaultOf = from_response,
) -> tuple[httpcore.Response, dict[str, str]]:
    """The answer to `request` and its headers, once it is a plain 200.

    `meant` says what another status means.

    Raises:
        Refused, Cancelled, ProviderError: it is anything else; the connection is closed.
    """
    watch.received = False
    with translated(watch):
        response = pool.handle_request(request)
    try:
        headers = lowered(response)
        if response.status != 200:
            body = bounded(body_of(response, watch), ERROR_LIMIT_BYTES, watch)
            raise Refused(meant(watch.model, response.status, body, headers))
        _no_encoding(headers, watch)
    except BaseException:
        response.close()
        raise
    return response, headers


def repeated(
    answer: Callable[[], Iterator[Chunk]],
    retries: int,
    watch: Watch,
    meant: Callable[[ProviderError], ProviderError] = lambda error: error,
) -> Iterator[Chunk]:
    """An answer, asked for again while the server refuses it for the moment.

    Pauses grow, are never shorter than the server's Retry-After, and count as waiting for the
    first token: one that would take longer than what is left is not begun.

    Raises:
        ProviderError: what the last attempt failed with, as `meant` reads it.
    """
    attempt = 0
    while True:
        try:
            yield from answer()
            return
        except Refused as refused:
            fault = refused.fault
            pause = backoff_s(attempt, fault.after_s)
            if not (fault.again and attempt < retries and pause < watch.left_s):
                raise meant(fault.error) from None
            watch.pause(pause)
        attempt += 1


def kind_of(headers: Mapping[str, str]) -> str:
    """The content type without its parameters: "application/json"."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def lowered(response: httpcore.Response) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }


def _no_encoding(headers: Mapping[str, str], watch: Watch) -> None:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        detail = f"it answered in the encoding “{shortened(encoding)}” that was not asked for"
        raise ServerFault(model=watch.model, detail=detail)


def body_of(response: httpcore.Response, watch: Watch) -> Iterator[bytes]:
    with translated(watch):
        yield from response.iter_stream()


def bounded(chunks: Iterator[bytes], limit: int, watch: Watch) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise ServerFault(model=watch.model, detail="its answer is too large")
    return bytes(body)


@contextmanager
def translated(watch: Watch) -> Iterator[None]:
    """Errors of the connection as ours. Before the first byte they may pass: `Refused`."""
    try:
        yield
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        if not watch.received:
            raise Refused(Fault(watch.away(), again=True)) from error
        raise _broken(watch, error) from error


def _broken(watch: Watch, error: Exception) -> ProviderError:
    if watch.spoke or "peer closed" in str(error) or isinstance(error, httpcore.NetworkError):
        return StreamBroken(model=watch.model, detail="the connection closed before the end")
    return ServerFault(
        model=watch.model, detail=f"it does not speak HTTP ({shortened(str(error))})"
    )
