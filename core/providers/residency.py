"""Which models are in memory, asked from every provider that keeps some there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from core.errors import ProviderError
from core.hardware.snapshot import Residency, Resident
from core.providers.base import Provider


@runtime_checkable
class Keeper(Protocol):
    """A provider that can tell which of its models are in memory."""

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
