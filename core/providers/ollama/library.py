"""What changes the models of an Ollama server: pull, create, copy, delete, and their blobs.

Its progress comes as lines after a 200, errors among them (pull always); a stream that does not
end with “success” was not one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore

from core.errors import ProviderError, ServerFault, TransferBroken
from core.providers.faults import from_response, shortened
from core.providers.library_faults import meant
from core.providers.watch import Cancelled, Watch, watching
from core.providers.wire import WatchedBackend

SILENCE_S = 600.0  # a create converts and quantises for minutes without a line
PULL_SILENCE_S = 120.0
_LINE_BYTES = 1 << 20
_BODY_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Step:
    """One line of progress, as the server says it. Bytes are of the layer `digest`."""

    status: str
    digest: str | None = None
    done_bytes: int | None = None
    total_bytes: int | None = None


class OllamaLibrary:
    """A client for the routes that change something. Thread-safe.

    Every call ends within 0.3 s when `cancelled()` becomes true, with `Cancelled`; the server
    then stops, too. `ref` is only what errors call the model.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = httpcore.ConnectionPool(
            max_connections=None, max_keepalive_connections=0, network_backend=WatchedBackend()
        )

    def pull(self, ref: str, name: str, cancelled: Callable[[], bool]) -> Iterator[Step]:
        """Download; what is already there is not fetched again, parts of layers included.

        Raises:
            NotInSource, SourceAway, NoRoomOnDisk, DigestWrong, TransferBroken: see there.
            ProviderError: the server is away or refuses.
        """
        watch = self._watch(ref, PULL_SILENCE_S, cancelled)
        yield from self._steps("/api/pull", {"model": name}, watch)

    def create(
        self, ref: str, body: Mapping[str, Any], cancelled: Callable[[], bool]
    ) -> Iterator[Step]:
        """Make a model; `body` is that of /api/create.

        Raises:
            NotAModel: it is of files that are none.
            ModelRefused: a wrong template, quantisation, base or name.
            ProviderError: as in `pull`.
        """
        yield from self._steps("/api/create", body, self._watch(ref, SILENCE_S, cancelled))

    def copy(self, ref: str, source: str, target: str) -> None:
        """Another name for a model. Raises `ModelMissing` and other `ProviderError`s."""
        body = {"source": source, "destination": target}
        self._plain("POST", "/api/copy", body, self._watch(ref, 30.0))

    def delete(self, ref: str, name: str) -> None:
        """For good. Raises `ModelMissing` and other `ProviderError`s."""
        self._plain("DELETE", "/api/delete", {"model": name}, self._watch(ref, 30.0))

    def has_blob(self, ref: str, digest: str) -> bool:
        """Whether the file with this hash ("sha256:…") is there."""
        watch = self._watch(ref, 30.0)
        with watching(watch), _translated(watch):
            response = self._pool.request("HEAD", f"{self._url}/api/blobs/{digest}")
            return response.status == 200

    def upload(
        self,
        ref: str,
        digest: str,
        size_bytes: int,
        content: Iterable[bytes],
        cancelled: Callable[[], bool],
    ) -> None:
        """Send a file that is not there yet. Ask `has_blob` first: a server that has it answers
        before it has read the body, which breaks the pipe.

        Raises:
            DigestWrong: it did not arrive as it was sent.
            NoRoomOnDisk, TransferBroken, ProviderError: see there.
        """
        watch = self._watch(ref, SILENCE_S, cancelled)
        headers = self._headers() | {"Content-Length": str(size_bytes)}
        with watching(watch), _translated(watch):
            url = f"{self._url}/api/blobs/{digest}"
            response = self._pool.request(
                "POST", url, headers=headers, content=_refilled(content, watch)
            )
        if response.status not in (200, 201):
            raise _refused(ref, response.status, response.content, response.headers)

    def close(self) -> None:
        self._pool.close()

    def _steps(self, path: str, body: Mapping[str, Any], watch: Watch) -> Iterator[Step]:
        """The lines of a stream that ends with "success"."""
        content = json.dumps(body).encode()
        with (
            watching(watch),
            _translated(watch),
            self._pool.stream(
                "POST", self._url + path, headers=self._headers(), content=content
            ) as response,
        ):
            if response.status != 200:
                raise _refused(watch.model, response.status, response.read(), response.headers)
            for line in _lines(response.iter_stream(), watch):
                watch.token()
                step = _step(line, watch.model)
                yield step
                if step.status == "success":
                    return
        raise TransferBroken(model=watch.model, detail="the server ended before it was done")

    def _plain(self, method: str, path: str, body: Mapping[str, Any], watch: Watch) -> None:
        content = json.dumps(body).encode()
        with watching(watch), _translated(watch):
            response = self._pool.request(
                method, self._url + path, headers=self._headers(), content=content
            )
        if response.status != 200:
            raise _refused(watch.model, response.status, response.content, response.headers)

    def _headers(self) -> dict[bytes | str, bytes | str]:
        return {"Host": urlsplit(self._url).netloc, "Content-Type": "application/json"}

    def _watch(
        self, ref: str, silence_s: float, cancelled: Callable[[], bool] = lambda: False
    ) -> Watch:
        return Watch(ref, self._url, silence_s, silence_s, cancelled)


def _refilled(content: Iterable[bytes], watch: Watch) -> Iterator[bytes]:
    """The pieces; each that has left gives the next one the whole limit again."""
    for piece in content:
        watch.token()
        yield piece


def _lines(chunks: Iterable[bytes], watch: Watch) -> Iterator[bytes]:
    waiting = b""
    for chunk in chunks:
        *whole, waiting = (waiting + chunk).split(b"\n")
        yield from (line for line in whole if line.strip())
        if len(waiting) > _LINE_BYTES:
            raise ServerFault(model=watch.model, detail="its answer is too large")
    if waiting.strip():
        yield waiting


def _step(line: bytes, ref: str) -> Step:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise TransferBroken(model=ref, detail="the server sent something that is not its JSON")
    if error := found.get("error"):
        raise meant(ref, str(error.get("message", "")) if isinstance(error, dict) else str(error))
    digest = found.get("digest")
    return Step(
        status=shortened(str(found.get("status", ""))),
        digest=digest if isinstance(digest, str) else None,
        done_bytes=_count(found.get("completed")),
        total_bytes=_count(found.get("total")),
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _refused(
    ref: str, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]]
) -> ProviderError:
    lowered = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
    try:
        text = json.loads(body[:_BODY_BYTES]).get("error", "")
    except (ValueError, RecursionError, AttributeError):
        text = ""
    if isinstance(text, str) and text:
        return meant(ref, text, status)
    return from_response(ref, status, body[:_BODY_BYTES], lowered).error


@contextmanager
def _translated(watch: Watch) -> Iterator[None]:
    try:
        yield
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        if watch.cancelled():
            raise Cancelled from error
        if not watch.received:
            raise watch.away() from error
        detail = "the connection to the server was lost"
        raise TransferBroken(model=watch.model, detail=detail) from error
