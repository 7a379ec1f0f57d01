"""Providers that come when they are called: most commands ask no model, and load faster so."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from core.providers.base import STARTER, Provider
from core.settings import Settings

NAMES = (STARTER, "hf", "ollama", "openai", "llm")


class _Source:
    """The real providers, made at the first question."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.used = False

    @cached_property
    def providers(self) -> dict[str, Provider]:
        from core.providers.defaults import default_providers

        self.used = True
        return {provider.name: provider for provider in default_providers(self._settings)}


class _Later:
    """Stands for one provider; everything but its name and its end is the real one's."""

    def __init__(self, name: str, source: _Source) -> None:
        self.name, self._source = name, source

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._source.providers[self.name], attribute)

    def close(self) -> None:
        if self._source.used:
            self._source.providers[self.name].close()


def later_providers(settings: Settings) -> list[Provider]:
    """The providers of a normal installation, none of them made yet."""
    source = _Source(settings)
    return [cast(Provider, _Later(name, source)) for name in NAMES]
