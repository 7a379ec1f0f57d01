"""The door between httpx and the wire: nothing odd passes it.

Whatever is not a plain 200 with the expected kind of body becomes one of our errors here:
statuses, redirects, compressed bodies (nobody asked for one: it may be a bomb), other content
types, oversize bodies, connections that break. Streams are handed on line by line, checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import httpcore
import httpx

from core.errors import ServerFault
from core.providers.faults import shortened
from core.providers.guard import (
    BODY_LIMIT_BYTES,
    body_of,
    bounded,
    connections,
    kind_of,
    opened,
)
from core.providers.ollama.lines import checked_lines
from core.providers.watch import Watch, current_watch

STREAMED = ("/api/chat", "/api/generate")
_STREAM_TYPES = frozenset({"application/x-ndjson", "application/json"})


class GuardTransport(httpx.BaseTransport):
    """Sends each request over a connection of its own, under the current `Watch`.

    Raises, on a request or while its body is read: `Refused`, `Cancelled`, or a `ProviderError`.
    """

    def __init__(self) -> None:
        self._pool = connections()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        watch = current_watch()
        response, headers = opened(self._pool, _plain(request), watch)
        try:
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
        streamed = request.url.path.endswith(STREAMED)
        kind = check_kind(headers, watch, streamed=streamed)
        if streamed:
            return httpx.Response(
                200,
                headers={"content-type": "application/x-ndjson"},
                stream=_CheckedStream(response, watch),
            )
        body = bounded(body_of(response, watch), BODY_LIMIT_BYTES, watch)
        response.close()
        return httpx.Response(200, headers={"content-type": kind}, content=body)


def check_kind(headers: Mapping[str, str], watch: Watch, *, streamed: bool) -> str:
    """The content type, which is one that Ollama sends.

    Raises:
        ServerFault: it is another.
    """
    kind = kind_of(headers)
    if kind not in (_STREAM_TYPES if streamed else {"application/json"}):
        detail = f"it answered with “{shortened(kind)}” where Ollama sends JSON"
        raise ServerFault(model=watch.model, detail=detail)
    return kind


class _CheckedStream(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response, watch: Watch) -> None:
        self._response, self._watch = response, watch

    def __iter__(self) -> Iterator[bytes]:
        try:
            for line in checked_lines(body_of(self._response, self._watch), self._watch.model):
                if line.spoke:
                    self._watch.token()
                self._watch.check()
                yield line.encoded()
        finally:
            self._response.close()

    def close(self) -> None:
        self._response.close()


def _plain(request: httpx.Request) -> httpcore.Request:
    """The request as it goes out: no compression asked for."""
    headers = [
        (name, value) for name, value in request.headers.raw if name.lower() != b"accept-encoding"
    ]
    return httpcore.Request(
        method=request.method,
        url=wire_url(request.url),
        headers=[*headers, (b"Accept-Encoding", b"identity")],
        content=request.stream,
    )


def wire_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )
