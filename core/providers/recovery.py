"""What can be done at the providers when something is wrong with the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, runtime_checkable

from core.hardware.anomaly import Action
from core.providers.base import STARTER, Provider, prefix_of
from core.providers.managed import Managed
from core.providers.registry import Registry
from core.providers.residency import residency


@runtime_checkable
class Reconnecting(Protocol):
    """A provider that can make the connection to its server anew."""

    def reconnect(self) -> None: ...


def provider_actions(registry: Registry, providers: Iterable[Provider]) -> Mapping[str, Action]:
    """`retry`, `unload_idle` and `restart_client`, for `Guard`."""
    given = list(providers)
    return {
        "retry": lambda subject: _retry(registry, subject),
        "unload_idle": lambda _subject: _unload_idle(given, registry.counts.running),
        "restart_client": lambda subject: _restart(given, subject),
    }


def _retry(registry: Registry, subject: str) -> str:
    """Ask every server anew, whatever is left of a pause."""
    registry.forget()
    states = {state.name: state.available for state in registry.states()}
    return subject or ", ".join(name for name, there in states.items() if there)


def _unload_idle(providers: list[Provider], running: Callable[[], frozenset[str]]) -> str:
    """Give back the models that do not answer just now; the starter costs next to nothing."""
    unloaded: list[str] = []
    for model in residency(providers).models:
        provider = next((one for one in providers if one.name == prefix_of(model.ref)), None)
        if model.ref in running() or model.ref == STARTER or not isinstance(provider, Managed):
            continue
        if provider.unload(model.ref):
            unloaded.append(model.ref)
    return ", ".join(unloaded)


def _restart(providers: list[Provider], subject: str) -> str:
    """Connect anew to the server that an anomaly is about, or to all of them.

    A model with a process of its own has that ended; it starts with the next question.
    """
    named = [one for one in providers if one.name in (subject, prefix_of(subject))]
    found = [one for one in named or providers if isinstance(one, Reconnecting)]
    for provider in found:
        provider.reconnect()
    if named and not found and subject != STARTER:
        own = named[0]
        return subject if isinstance(own, Managed) and own.unload(subject, force=True) else ""
    return ", ".join(provider.name for provider in found)
