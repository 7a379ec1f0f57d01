"""The door between httpx (ours and ChatOllama's) and the wire: nothing odd passes it.

Whatever is not a plain 200 with the expected kind of body becomes one of our errors here:
statuses, redirects, compressed bodies (nobody asked for one: it may be a bomb), other content
types, oversize bodies, connections that break. Streams are handed on line by line, checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpcore
import httpx

from core.errors import ProviderError, ServerFault, StreamBroken
from core.providers.faults import Fault, from_response, shortened
from core.providers.ollama_lines import checked_lines
from core.providers.watch import Watch, current_watch
from core.providers.wire import WatchedBackend

ERROR_LIMIT_BYTES = 64 << 10
BODY_LIMIT_BYTES = 32 << 20
STREAMED = frozenset({"/api/chat", "/api/generate"})
_STREAM_TYPES = frozenset({"application/x-ndjson", "application/json"})


class Refused(Exception):
    """The server did not begin to answer. Never leaves the provider, which may try again."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(str(fault.error))


class GuardTransport(httpx.BaseTransport):
    """Sends each request over a connection of its own, under the current `Watch`.

    Raises, on a request or while its body is read: `Refused`, `Cancelled`, or a `ProviderError`.
    """

    def __init__(self) -> None:
        # One connection a request: closing it is what stops a run, and none can have gone stale.
        self._pool = httpcore.ConnectionPool(
            max_connections=None, max_keepalive_connections=0, network_backend=WatchedBackend()
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        watch = current_watch()
        watch.received = False
        with _translated(watch):
            response = self._pool.handle_request(_plain(request))
        try:
            headers = _lowered(response)
            if response.status != 200:
                body = _bounded(_body(response, watch), ERROR_LIMIT_BYTES, watch)
                raise Refused(from_response(watch.model, response.status, body, headers))
            _no_encoding(headers, watch)
            return self._accepted(request, response, headers, watch)
        except BaseException:
            response.close()
            raise

    def close(self) -> None:
        self._pool.close()

    def _accepted(
        self,
        request: httpx.Request,
        response: httpcore.Response,
        headers: Mapping[str, str],
        watch: Watch,
    ) -> httpx.Response:
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        streamed = request.url.path in STREAMED
        if kind not in (_STREAM_TYPES if streamed else {"application/json"}):
            detail = f"it answered with “{shortened(kind)}” where Ollama sends JSON"
            raise ServerFault(model=watch.model, detail=detail)
        if streamed:
            return httpx.Response(
                200,
                headers={"content-type": "application/x-ndjson"},
                stream=_CheckedStream(response, watch),
            )
        body = _bounded(_body(response, watch), BODY_LIMIT_BYTES, watch)
        response.close()
        return httpx.Response(200, headers={"content-type": kind}, content=body)


class _CheckedStream(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response, watch: Watch) -> None:
        self._response, self._watch = response, watch

    def __iter__(self) -> Iterator[bytes]:
        try:
            for line in checked_lines(_body(self._response, self._watch), self._watch.model):
                if line.spoke:
                    self._watch.token()
                self._watch.check()
                yield line.encoded()
        finally:
            self._response.close()

    def close(self) -> None:
        self._response.close()


def _plain(request: httpx.Request) -> httpcore.Request:
    """The request as it goes out: no compression asked for, no key of another service told."""
    headers = [
        (name, value)
        for name, value in request.headers.raw
        if name.lower() != b"accept-encoding" and not _is_key(name, value)
    ]
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=[*headers, (b"Accept-Encoding", b"identity")],
        content=request.stream,
    )


def _is_key(name: bytes, value: bytes) -> bool:
    # The ollama package adds OLLAMA_API_KEY, which belongs to ollama.com, to every request.
    return name.lower() == b"authorization" and value.lower().startswith(b"bearer ")


def _lowered(response: httpcore.Response) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }


def _no_encoding(headers: Mapping[str, str], watch: Watch) -> None:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        detail = f"it answered in the encoding “{shortened(encoding)}” that was not asked for"
        raise ServerFault(model=watch.model, detail=detail)


def _body(response: httpcore.Response, watch: Watch) -> Iterator[bytes]:
    with _translated(watch):
        yield from response.iter_stream()


def _bounded(chunks: Iterator[bytes], limit: int, watch: Watch) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise ServerFault(model=watch.model, detail="its answer is too large")
    return bytes(body)


@contextmanager
def _translated(watch: Watch) -> Iterator[None]:
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
