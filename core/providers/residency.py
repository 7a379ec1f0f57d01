"""Which models are in memory, asked from every provider that keeps some there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from core.errors import ProviderError
from core.hardware.snapshot import Residency, Resident
from core.providers.base import Provider

SLOW_S = 0.2


@runtime_checkable
class Keeper(Protocol):
    """A provider that can tell which of its models are in memory."""

    name: str

    def resident(self) -> list[Resident]:
        """They, now.

        Raises:
            ProviderError: its server does not tell.
        """


def residency(providers: Iterable[Provider]) -> Residency:
    """The models that are in memory now; a provider that does not tell is named."""
    found: list[Resident] = []
    silent = []
    for provider in providers:
        if not isinstance(provider, Keeper):
            continue
        try:
            found += provider.resident()
        except ProviderError:
            silent.append(provider.name)
    return Residency(tuple(found), tuple(silent))


class KnownResidents:
    """What each provider last told of its memory, and when. Thread-safe.

    A server that took long to answer, or did not, is asked again only after ten times as long.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[str, tuple[float, tuple[Resident, ...] | None]] = {}
        self._not_before: dict[str, float] = {}

    def of(self, keeper: Keeper, age_s: float | None) -> tuple[Resident, ...] | None:
        """Its models, at most `age_s` old; `None` takes whatever is known."""
        with self._lock:
            at, found = self._told.get(keeper.name, (float("-inf"), None))
            pause = self._not_before.get(keeper.name, float("-inf"))
        began = time.monotonic()
        if age_s is None or began - at <= age_s or began < pause:
            return found
        try:
            found = tuple(keeper.resident())
        except ProviderError:
            found = None
        ended = time.monotonic()
        with self._lock:
            self._told[keeper.name] = (ended, found)
            slow = found is None or ended - began > SLOW_S
            self._not_before[keeper.name] = ended + 10 * (ended - began) if slow else ended
        return found
