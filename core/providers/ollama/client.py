"""The client that ChatOllama asks with: its one request, without httpx and pydantic in between.

The ollama package's own client checks a prompt line by line and reads an answer through four
layers; together that took longer than this app's way to the first word may take.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpcore
import httpx

from core.providers.guard import body_of, connections, opened
from core.providers.ollama.lines import checked_lines
from core.providers.ollama.transport import check_kind, wire_url
from core.providers.watch import current_watch

_HEADERS = [
    (b"Content-Type", b"application/json"),
    (b"Accept", b"application/x-ndjson"),
    (b"Accept-Encoding", b"identity"),
]


class ChatClient:
    """Stands in the place of `ollama.Client`, of which ChatOllama uses `chat` only."""

    def __init__(self, url: str) -> None:
        place = httpx.URL(f"{url}/api/chat")
        self._url, self._host = wire_url(place), place.netloc
        self._pool = connections()

    def chat(self, **asked: Any) -> Iterator[dict[str, Any]]:
        """Stream one answer's lines, checked, under the current `Watch`.

        Raises, before the first line or later: `Refused`, `Cancelled`, or a `ProviderError`.
        """
        watch = current_watch()
        body = {name: value for name, value in asked.items() if value is not None}
        body["messages"] = [_said(message) for message in asked["messages"]]
        response, headers = opened(self._pool, self._request(body), watch)
        try:
            check_kind(headers, watch, streamed=True)
            for line in checked_lines(body_of(response, watch), watch.model):
                if line.spoke:
                    watch.token()
                watch.check()
                yield line.data
        finally:
            response.close()

    def _request(self, body: Mapping[str, Any]) -> httpcore.Request:
        content = json.dumps(body, allow_nan=False).encode("ascii")
        length = str(len(content)).encode("ascii")
        own = [(b"Host", self._host), (b"Content-Length", length)]
        return httpcore.Request("POST", self._url, headers=[*own, *_HEADERS], content=content)

    def close(self) -> None:
        self._pool.close()


def _said(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message of the prompt as Ollama's API has it; what is empty is left out."""
    said = {name: value for name, value in message.items() if value or name == "content"}
    if calls := message.get("tool_calls"):
        said["tool_calls"] = list(_called(calls))
    return said


def _called(calls: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for call in calls:
        function = call["function"]
        yield {"function": {"name": function["name"], "arguments": function["arguments"]}}
