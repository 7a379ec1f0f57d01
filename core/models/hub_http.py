"""The Hugging Face hub over HTTP: which files a model has, and their bytes.

`HF_ENDPOINT` names another hub, `HF_TOKEN` is sent to the hub itself and to nobody else. What
the hub redirects to is followed only to its own hosts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

import httpx

from core.errors import (
    NotInSource,
    ServerFault,
    SourceAway,
    SourceWantsToken,
    TransferBroken,
)

ENDPOINT = "https://huggingface.co"
OWN_HOSTS = ("huggingface.co", "hf.co")
SILENCE_S = 30.0
REDIRECTS = 5
_LIST_BYTES = 8 << 20
_CHUNK_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file at the top of a model. `sha256` is known of large ones only."""

    name: str
    size_bytes: int
    sha256: str | None


class Hub:
    """One hub. A context manager; every wait is at most 30 s without a byte."""

    def __init__(self, endpoint: str | None = None, token: str | None = None) -> None:
        self._endpoint = httpx.URL(endpoint or os.environ.get("HF_ENDPOINT") or ENDPOINT)
        self._token = token or os.environ.get("HF_TOKEN")
        # No proxy's or netrc's credentials of other programs are sent along.
        self._client = httpx.Client(timeout=SILENCE_S, trust_env=False)

    @property
    def name(self) -> str:
        return self._endpoint.host

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def files(self, ref: str, repo: str, revision: str) -> tuple[list[HubFile], str]:
        """The files at the top of a model, and the commit that `revision` is.

        Raises:
            SourceAway: the hub does not answer; there may be no connection.
            NotInSource, SourceWantsToken: see there.
            ServerFault: what answers is no hub.
        """
        path = f"/api/models/{quote(repo)}/revision/{quote(revision, safe='')}?blobs=true"
        with self._open(ref, path, {}) as response:
            body = _bounded(response, ref)
        try:
            found = httpx.Response(200, content=body).json()
            commit, siblings = str(found["sha"]), list(found["siblings"])
            return [_file(one) for one in siblings if "/" not in one["rfilename"]], commit
        except (ValueError, KeyError, TypeError):
            raise ServerFault(model=ref, detail=f"{self.name} is no hub of models") from None

    def read(
        self,
        ref: str,
        repo: str,
        commit: str,
        name: str,
        start: int,
        cancelled: Callable[[], bool],
    ) -> Iterator[bytes]:
        """A file's bytes from `start` on; ends early when cancelled.

        Raises:
            TransferBroken: the connection was lost.
            SourceAway, NotInSource, SourceWantsToken, ServerFault: as in `files`.
        """
        headers = {"Range": f"bytes={start}-"} if start else {}
        path = f"/{quote(repo)}/resolve/{quote(commit)}/{quote(name)}"
        with self._open(ref, path, headers) as response:
            skip = start if response.status_code == 200 else 0  # it knows no ranges
            try:
                for piece in response.iter_raw(_CHUNK_BYTES):
                    if cancelled():
                        return
                    fresh, skip = piece[skip:], max(0, skip - len(piece))
                    if fresh:
                        yield fresh
            except httpx.HTTPError as error:
                raise TransferBroken(model=ref, detail="the connection was lost") from error

    @contextmanager
    def _open(self, ref: str, path: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        url = self._endpoint.join(path)
        for _ in range(REDIRECTS):
            own = (url.host, url.port) == (self._endpoint.host, self._endpoint.port)
            sent = {**headers, "Accept-Encoding": "identity"}
            if own and self._token:
                sent["Authorization"] = f"Bearer {self._token}"
            try:
                request = self._client.build_request("GET", url, headers=sent)
                response = self._client.send(request, stream=True)
            except httpx.HTTPError as error:
                raise SourceAway(model=ref, server=self.name, detail=str(error)) from error
            try:
                if not response.is_redirect:
                    self._accept(ref, response)
                    yield response
                    return
                url = url.join(response.headers.get("location", ""))
            finally:
                response.close()
            if not self._may_follow(url):
                raise ServerFault(model=ref, detail=f"{self.name} sends to {url.host}")
        raise ServerFault(model=ref, detail=f"{self.name} redirects without end")

    def _may_follow(self, url: httpx.URL) -> bool:
        """Its own host, or those of the real hub, with the encryption that it has itself."""
        known = (self._endpoint.host, *(OWN_HOSTS if self._endpoint.host in OWN_HOSTS else ()))
        named = any(url.host == one or url.host.endswith(f".{one}") for one in known)
        return named and url.scheme == self._endpoint.scheme

    def _accept(self, ref: str, response: httpx.Response) -> None:
        if response.status_code in (401, 403):
            raise SourceWantsToken(model=ref, server=self.name)
        if response.status_code == 404:
            raise NotInSource(model=ref, server=self.name)
        if response.status_code not in (200, 206):
            raise ServerFault(model=ref, detail=f"{self.name}: HTTP {response.status_code}")


def _file(entry: Any) -> HubFile:
    lfs = entry.get("lfs") or {}
    digest = lfs.get("sha256")
    return HubFile(
        name=str(entry["rfilename"]),
        size_bytes=int(lfs.get("size") or entry.get("size") or 0),
        sha256=digest if isinstance(digest, str) else None,
    )


def _bounded(response: httpx.Response, ref: str) -> bytes:
    body, until = bytearray(), time.monotonic() + SILENCE_S
    try:
        for piece in response.iter_raw():
            body += piece
            if len(body) > _LIST_BYTES or time.monotonic() > until:
                raise ServerFault(model=ref, detail="its list of files is too long")
    except httpx.HTTPError as error:
        raise TransferBroken(model=ref, detail="the connection was lost") from error
    return bytes(body)
