"""The models of each host: asked for seldom, and of other machines more seldom still."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from core.errors import ProviderError
from core.providers.openai.client import OpenAIClient
from core.providers.openai.hosts import Host
from core.providers.openai.models import Entry, entries_of
from core.providers.watch import Watch

ASK_S = 1.0
ASK_ELSEWHERE_S = 5.0
ELSEWHERE_AGE_S = 600.0  # a screen that is drawn does not talk to other machines each time
ELSEWHERE_FAILED_S = 30.0


@dataclass(frozen=True, slots=True)
class Listed:
    """What a host listed: its entries, or why there are none."""

    entries: tuple[Entry, ...] = ()
    error: ProviderError | None = None
    at: float = float("-inf")


class Lists:
    """The last list of each host. Thread-safe."""

    def __init__(self, client: OpenAIClient) -> None:
        self._client = client
        self._known: dict[str, Listed] = {}
        self._lock = threading.Lock()

    def of(self, host: Host) -> Listed:
        """The host's list, asked for now unless it is fresh. Never raises.

        A host elsewhere whose models the settings name is not asked at all.
        """
        with self._lock:
            known = self._known.get(host.key)
        if known is not None and not host.local and time.monotonic() - known.at < _age_s(known):
            return known
        found = self._ask(host)
        with self._lock:
            self._known[host.key] = found
        return found

    def known(self, host: Host, name: str) -> Entry:
        """What was listed of a model last time; nothing but its name when it was not."""
        with self._lock:
            listed = self._known.get(host.key, Listed())
        return next((entry for entry in listed.entries if entry.name == name), Entry(name))

    def _ask(self, host: Host) -> Listed:
        named = tuple(Entry(name) for name in host.settings.models)
        title = f"openai@{host.key}"
        limit_s = ASK_S if host.local else ASK_ELSEWHERE_S
        watch = Watch(title, host.url, limit_s, limit_s, connect_s=limit_s)
        now = time.monotonic()
        try:
            if not host.lists:
                host.api_key(title)
                return Listed(named, at=now)
            listed = entries_of(self._client.models(host, watch))
        except ProviderError as error:
            return Listed(named if not host.local else (), error, now)
        names = {entry.name for entry in listed}
        more = [entry for entry in named if entry.name not in names]
        return Listed((*listed, *more), at=now)


def _age_s(listed: Listed) -> float:
    return ELSEWHERE_AGE_S if listed.error is None else ELSEWHERE_FAILED_S
