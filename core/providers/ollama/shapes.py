"""What is known of the models of one server, so that an answer need not ask for it first."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from core.errors import FirstTokenTimeout, ModelMissing, ProviderError, ServerAway
from core.providers.ollama.api import OllamaApi
from core.providers.ollama.models import Shape, Tag, shape_of
from core.providers.watch import Watch

AGE_S = 60.0


@dataclass(frozen=True, slots=True)
class _Known:
    shape: Shape
    digest: str | None
    at: float


class Shapes:
    """Shapes by full name. Thread-safe; kept a minute, or as long as the digest is the same."""

    def __init__(self, api: OllamaApi) -> None:
        self._api = api
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def known(self, name: str) -> Shape | None:
        """The last known shape, without asking."""
        found = self._known.get(name)
        return found.shape if found else None

    def fresh(self, name: str) -> Shape | None:
        """The shape when it was asked for within the last minute."""
        found = self._known.get(name)
        return found.shape if found and time.monotonic() - found.at < AGE_S else None

    def ask(self, watch: Watch, name: str, digest: str | None = None) -> Shape:
        """Ask the server. Raises `ModelMissing` and other `ProviderError`s."""
        try:
            shape = shape_of(self._api.show(watch, name))
        except ModelMissing:
            self.forget(name)
            raise
        with self._lock:
            self._known[name] = _Known(shape, digest, time.monotonic())
        return shape

    def of_tags(self, tags: Sequence[Tag]) -> list[Shape]:
        """The shapes of listed models; what the list itself tells where asking fails.

        A server that falls silent is not asked for the rest of the list.
        """
        silent = threading.Event()
        with ThreadPoolExecutor(4, thread_name_prefix="ollama-show") as pool:
            return list(pool.map(lambda tag: self._of_tag(tag, silent), tags))

    def _of_tag(self, tag: Tag, silent: threading.Event) -> Shape:
        found = self._known.get(tag.name)
        if found and tag.digest and found.digest == tag.digest:
            return found.shape
        if silent.is_set():
            return tag.shape
        try:
            return self.ask(self._api.watch(f"ollama:{tag.name}"), tag.name, tag.digest)
        except (FirstTokenTimeout, ServerAway):
            silent.set()
            return tag.shape
        except ProviderError:
            return tag.shape

    def forget(self, name: str) -> None:
        with self._lock:
            self._known.pop(name, None)
