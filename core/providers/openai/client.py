"""The way to OpenAI-compatible servers: two questions, every wait bounded, every answer checked."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpcore

from core.errors import ProviderError, ServerFault, StreamBroken
from core.providers.faults import shortened
from core.providers.guard import (
    BODY_LIMIT_BYTES,
    Refused,
    body_of,
    bounded,
    connections,
    kind_of,
    opened,
)
from core.providers.openai.events import DONE, Answer, Piece, events
from core.providers.openai.faults import HostFaults
from core.providers.openai.hosts import Host
from core.providers.watch import Watch, watching

COUNTS_S = 2.0  # how long the counts may take after the last word
JSON = "application/json"
EVENTS = "text/event-stream"


class OpenAIClient:
    """Thread-safe. Raises `ProviderError`s, `Refused` (it did not begin) or `Cancelled` only."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._pool = connections(tls)

    def models(self, host: Host, watch: Watch) -> list[Mapping[str, Any]]:
        """The entries of /models."""
        key = host.api_key(watch.model)
        faults = HostFaults(key, host.variable)
        request = _request("GET", f"{host.url}/models", host.list_headers(key))
        with watching(watch):
            try:
                response, headers = opened(self._pool, request, watch, faults.of_response)
            except Refused as refused:
                raise refused.fault.error from None
        try:
            if kind_of(headers) != JSON:
                raise _odd_kind(watch, headers)
            found = _object(bounded(body_of(response, watch), BODY_LIMIT_BYTES, watch), watch)
        finally:
            response.close()
        entries = found.get("data")
        if not isinstance(entries, list):
            raise ServerFault(model=watch.model, detail="it does not list its models")
        return [entry for entry in entries if isinstance(entry, dict)]

    def chat(self, host: Host, name: str, body: Mapping[str, Any], watch: Watch) -> Iterator[Piece]:
        """One answer, one attempt; the last piece has a reason."""
        key = host.api_key(watch.model)
        faults = HostFaults(key, host.variable)
        url, content = host.chat_url(name), json.dumps(body).encode()
        with watching(watch):
            request = _request("POST", url, host.headers(key), content)
            response, headers = opened(self._pool, request, watch, faults.of_response)
        try:
            if kind_of(headers) == EVENTS:
                yield from _streamed(body_of(response, watch), watch, faults)
            elif kind_of(headers) == JSON:  # it answers whole, whatever was asked
                yield from _whole(response, watch, faults)
            else:
                raise _odd_kind(watch, headers)
        finally:
            response.close()

    def close(self) -> None:
        self._pool.close()


def _streamed(chunks: Iterator[bytes], watch: Watch, faults: HostFaults) -> Iterator[Piece]:
    answer = Answer(watch.model)
    try:
        for event in events(chunks, watch.model):
            if event is DONE:
                break
            if event.get("error"):
                raise faults.of_event(watch.model, event["error"])
            piece = answer.take(event)
            watch.token()
            watch.check()
            if answer.reason:
                watch.left_s = COUNTS_S
            if piece.text or piece.reasoning:
                yield piece
        else:
            if answer.reason is None:
                detail = "the connection closed before the end"
                raise StreamBroken(model=watch.model, detail=detail)
    except ProviderError:
        if answer.reason is None:
            raise
        # The answer itself was whole; only its counts did not come.
    yield answer.last()


def _whole(response: httpcore.Response, watch: Watch, faults: HostFaults) -> Iterator[Piece]:
    found = _object(bounded(body_of(response, watch), BODY_LIMIT_BYTES, watch), watch)
    if found.get("error"):
        raise faults.of_event(watch.model, found["error"])
    if not found.get("choices"):
        raise ServerFault(model=watch.model, detail="it answered without an answer")
    answer = Answer(watch.model)
    yield answer.take(found)
    yield answer.last()


def _request(
    method: str,
    url: str,
    headers: Sequence[tuple[bytes, bytes]],
    content: bytes | None = None,
) -> httpcore.Request:
    kinds = [(b"Accept", b"application/json, text/event-stream")]
    if content is not None:
        kinds += [(b"Content-Type", b"application/json")]
        kinds += [(b"Content-Length", str(len(content)).encode())]
    target = httpcore.URL(url)
    place = [(b"Host", _host_header(target)), (b"Accept-Encoding", b"identity")]
    return httpcore.Request(
        method, target, headers=[*place, *kinds, *headers], content=content or b""
    )


def _host_header(url: httpcore.URL) -> bytes:
    if url.port is None:
        return url.host
    return url.host + b":" + str(url.port).encode()


def _object(body: bytes, watch: Watch) -> dict[str, Any]:
    try:
        found = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ServerFault(model=watch.model, detail="it answered something that is not its JSON")
    return found


def _odd_kind(watch: Watch, headers: Mapping[str, str]) -> ServerFault:
    detail = f"it answered with “{shortened(kind_of(headers))}” where JSON or events were due"
    return ServerFault(model=watch.model, detail=detail)
