"""Ollama's own routes, beside the chat: version, lists, one model, vectors, loading."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

import httpx

from core.errors import ProviderError, ServerFault
from core.providers.guard import Refused
from core.providers.ollama.transport import GuardTransport
from core.providers.watch import Watch, watching

READ_S = 3.0
CONNECT_S = 1.0


class OllamaApi:
    """A small client. Every call is bounded and raises `ProviderError`s only (or `Cancelled`).

    `model` in the errors is the reference that the caller asks about.
    """

    def __init__(self, url: str, read_s: float = READ_S) -> None:
        self._url, self._read_s = url, read_s
        self.reconnect()

    def reconnect(self) -> None:
        """Have later calls made over new connections."""
        transport = GuardTransport()
        self._client = httpx.Client(base_url=self._url, transport=transport, trust_env=False)

    def version(self, model: str, read_s: float | None = None) -> str:
        """The server's version, "0.24.0"."""
        version = self._ask(self.watch(model, read_s), "GET", "/api/version").get("version")
        if not isinstance(version, str):
            raise ServerFault(model=model, detail="it does not tell its version")
        return version

    def tags(self, model: str) -> Mapping[str, Any]:
        return self._ask(self.watch(model), "GET", "/api/tags")

    def ps(self, model: str) -> Mapping[str, Any]:
        return self._ask(self.watch(model), "GET", "/api/ps")

    def show(self, watch: Watch, name: str, *, verbose: bool = False) -> Mapping[str, Any]:
        """One model; only a verbose answer has the lists among its key/values."""
        body: dict[str, Any] = {"model": name} | ({"verbose": True} if verbose else {})
        return self._ask(watch, "POST", "/api/show", body)

    def embed(
        self, watch: Watch, name: str, texts: Sequence[str], options: Mapping[str, Any]
    ) -> list[list[float]]:
        """One vector per text, all of one length.

        Raises:
            ServerFault: there are fewer (an empty text has none), or they are no numbers.
        """
        body = {"model": name, "input": list(texts), **options}
        found = self._ask(watch, "POST", "/api/embed", body).get("embeddings")
        vectors = found if _are_vectors(found) else []
        if len(vectors) != len(texts):
            detail = f"{len(vectors)} usable vectors for {len(texts)} texts"
            raise ServerFault(model=watch.model, detail=detail)
        return vectors

    def load(
        self, watch: Watch, name: str, options: Mapping[str, Any], keep_alive: int | None = None
    ) -> None:
        """Load a model: a chat without messages. Returns when it is in memory.

        With `keep_alive` 0 (seconds) it is taken out of memory instead.
        """
        body: dict[str, Any] = {"model": name, "messages": [], "options": dict(options)}
        body |= {} if keep_alive is None else {"keep_alive": keep_alive}
        with watching(watch):
            try:
                self._client.post("/api/chat", json=body)
            except Refused as refused:
                raise refused.fault.error from None

    def watch(
        self, model: str, read_s: float | None = None, cancelled: Callable[[], bool] = lambda: False
    ) -> Watch:
        """The limits of a short question; `None` means this client's own."""
        limit_s = self._read_s if read_s is None else read_s
        return Watch(
            model=model,
            server=self._url,
            first_token_s=limit_s,
            between_tokens_s=limit_s,
            cancelled=cancelled,
            connect_s=min(CONNECT_S, limit_s),
        )

    def close(self) -> None:
        self._client.close()

    def _ask(
        self, watch: Watch, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        with watching(watch):
            try:
                found = self._client.request(method, path, json=body).json()
            except Refused as refused:
                raise refused.fault.error from None
            except (ValueError, RecursionError):
                raise _odd(watch.model) from None
        if not isinstance(found, dict):
            raise _odd(watch.model)
        return found


def _odd(model: str) -> ProviderError:
    return ServerFault(model=model, detail="it answered something that is not Ollama's JSON")


def _are_vectors(found: Any) -> TypeGuard[list[list[float]]]:
    if not isinstance(found, list) or not found or not isinstance(found[0], list) or not found[0]:
        return False
    return all(
        isinstance(vector, list) and len(vector) == len(found[0]) and all(map(_is_number, vector))
        for vector in found
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
