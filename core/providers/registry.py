"""All providers under one roof: a reference finds its provider, a list finds every model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from core.errors import ModelNotFound, WorkbenchError
from core.hardware.snapshot import Resident
from core.metrics import Counts, Price
from core.providers.base import (
    STARTER,
    GenerationOptions,
    ManyServers,
    ModelInfo,
    Place,
    Placed,
    Provider,
    ProviderState,
    Served,
    prefix_of,
)
from core.providers.breaker import Breaker, BreakerRules, Breakers, CircuitState, Server
from core.providers.disk import GGUF, shape_of_gguf
from core.providers.ladder.ladder import Ladder
from core.providers.residency import Keeper, KnownResidents
from core.providers.shapes import Shaped, unknown_shape
from core.providers.tokens import OnDisk, TokenCounter, TokenCounters
from core.runner.shapes.shape import ModelShape

T = TypeVar("T")
Tuner = Callable[[str, GenerationOptions], GenerationOptions]

STATE_AGE_S = 3.0
MODELS_AGE_S = 3.0


class Registry:
    """The providers of one app. Thread-safe.

    `counts` is what it counts of their work; `prices` are those of paid models. `ladder` says how
    a model is asked when memory runs short.

    Lists and states are asked from the servers in parallel and kept for three seconds, so that
    a screen may ask as often as it draws.
    """

    def __init__(
        self,
        providers: Iterable[Provider],
        breakers: Breakers | None = None,
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        self.counts = Counts(prices, self.listed)
        self._tuned: Tuner = lambda _ref, options: options
        self._breakers = breakers or Breakers()
        self._providers = found = {provider.name: provider for provider in providers}
        self._keepers = _Those(found, lambda one: one if isinstance(one, Keeper) else None)
        self._placed = _Those(found, lambda one: one if isinstance(one, Placed) else None)
        self._on_disk = _Those(found, lambda one: one if isinstance(one, OnDisk) else None)
        self._many = _Those(found, lambda one: one if isinstance(one, ManyServers) else None)
        self._served = _Those(found, lambda one: one if isinstance(one, Served) else None)
        self._models = _Kept(self._ask_models, MODELS_AGE_S)
        self._states = _Kept(self._ask_states, STATE_AGE_S)
        self._tokens = TokenCounters()
        self._residents = KnownResidents()
        self.ladder = Ladder()

    def provider(self, ref: str) -> Provider:
        """The provider that a reference names.

        Raises:
            ModelNotFound: there is none with that prefix.
        """
        try:
            return self._providers[prefix_of(ref)]
        except KeyError:
            raise ModelNotFound(model=ref) from None

    def tune_by(self, tuned: Tuner) -> None:
        """Have `tuned` say how each model is asked here."""
        self._tuned = tuned

    def tuned(self, ref: str, options: GenerationOptions) -> GenerationOptions:
        """How `ref` is asked on this machine, when it is wanted with `options`."""
        return self._tuned(ref, options)

    def providers(self) -> list[Provider]:
        return list(self._providers.values())

    def models(self) -> list[ModelInfo]:
        """Every model that can be reached now; `states` tells who is away."""
        return list(self._models())

    def listed(self, ref: str) -> bool:
        """Whether a model was in the last list; asks nobody."""
        return any(model.ref == ref for model in self._models.last())

    def states(self) -> list[ProviderState]:
        """How each provider is."""
        return list(self._states())

    def info(self, ref: str) -> ModelInfo:
        """One model.

        Raises:
            ModelNotFound: no provider has that prefix.
            ModelMissing: it is not installed.
            ProviderError: its server is away or does not answer as it should.
        """
        return self.provider(ref).info(ref)

    def shape(self, ref: str) -> ModelShape:
        """A model's dimensions, as far as its provider knows them. Raises as `info`.

        `gguf:PATH` names a file that no provider has.
        """
        if prefix_of(ref) == GGUF:
            return shape_of_gguf(ref)
        provider = self.provider(ref)
        if isinstance(provider, Shaped):
            return provider.shape(ref)
        return unknown_shape(provider.info(ref))

    def host(self, ref: str) -> str | None:
        """The name of the machine where a model runs; `None` when it is this one."""
        provider = self.provider(ref)
        known = self._served[provider.name] or self._many[provider.name]
        if known is not None:
            return known.host(ref)
        try:
            return provider.info(ref).host
        except WorkbenchError:
            return None

    def place(self, ref: str) -> Place:
        """Where a model is kept, and how many answers it gives at a time.

        Raises:
            ModelNotFound: there is no provider with that prefix.
        """
        name = self.provider(ref).name
        placed = self._placed[name]
        return Place(name) if placed is None else placed.place(ref)

    def residents(self, prefix: str, age_s: float | None) -> tuple[Resident, ...] | None:
        """A provider's models in memory, at most `age_s` old; `None`: whatever is known.

        Returns:
            `None` when the provider does not tell, or nothing is known yet.
        """
        keeper = self._keepers[prefix]
        return None if keeper is None else self._residents.of(keeper, age_s)

    def breaker(self, ref: str) -> Breaker:
        """The circuit breaker of what answers for `ref`: its server, or its own process.

        The starter is the last resort, so its circuit never opens.
        """
        name = self.provider(ref).name
        if name == STARTER:
            return Breaker(Server(STARTER), BreakerRules(failures=0))
        if (many := self._many[name]) is not None:
            return self._breakers.of(Server(many.server(ref), many.host(ref)))
        if (served := self._served[name]) is not None:
            return self._breakers.of(Server(name, served.host(ref)))
        return self._breakers.of(Server(ref))

    def circuits(self) -> list[CircuitState]:
        """How each server that was asked so far is thought of."""
        return self._breakers.states()

    def tokens(self, ref: str) -> TokenCounter:
        """What counts tokens for a model: its own tokenizer where its files are here.

        All other models get an estimate of their own, which learns; an unknown one, too.
        """
        return self._tokens.of(ref, self._on_disk[prefix_of(ref)])

    def warm(self, ref: str) -> None:
        """Begin to load a model in the background; an unknown one is passed over."""
        try:
            self.provider(ref).warm(ref)
        except ModelNotFound:
            return
        threading.Thread(target=self.tokens, args=(ref,), name="tokens", daemon=True).start()

    def forget(self) -> None:
        """Ask the servers anew next time, for example after the user has started one."""
        self._models.forget()
        self._states.forget()
        self._breakers.try_again()

    def close(self) -> None:
        """Close every provider."""
        for provider in self._providers.values():
            provider.close()

    def _ask_models(self) -> list[ModelInfo]:
        return [model for models in self._each(_models_of) for model in models]

    def _ask_states(self) -> list[ProviderState]:
        return [state for states in self._each(_states_of) for state in states]

    def _each(self, ask: Callable[[Provider], T]) -> list[T]:
        providers = list(self._providers.values())
        if len(providers) < 2:
            return [ask(provider) for provider in providers]
        with ThreadPoolExecutor(len(providers), thread_name_prefix="providers") as pool:
            return list(pool.map(ask, providers))


class _Those(dict[str, T | None]):
    """The providers that can do something, by name; `None` for the others.

    Each is looked at when it is first wanted, which may be what makes it, and only once: a
    protocol takes longer to check than to use.
    """

    def __init__(
        self, providers: Mapping[str, Provider], able: Callable[[Provider], T | None]
    ) -> None:
        self._all, self._able = providers, able

    def __missing__(self, name: str) -> T | None:
        provider = self._all.get(name)
        found = self[name] = None if provider is None else self._able(provider)
        return found


class _Kept(Generic[T]):
    """A list that is asked for at most once in `age_s` seconds; others wait for that answer.

    What took long to ask for (a server hangs) is kept ten times as long as it took, so that a
    screen that asks at each drawing waits seldom.
    """

    def __init__(self, ask: Callable[[], list[T]], age_s: float) -> None:
        self._ask, self._age_s = ask, age_s
        self._lock = threading.Lock()
        self._value: list[T] = []
        self._good_until = float("-inf")

    def __call__(self) -> list[T]:
        with self._lock:
            began = time.monotonic()
            if began > self._good_until:
                self._value = self._ask()
                ended = time.monotonic()
                self._good_until = ended + max(self._age_s, 10 * (ended - began))
            return self._value

    def last(self) -> list[T]:
        """What was answered last, however old."""
        return self._value

    def forget(self) -> None:
        with self._lock:
            self._good_until = float("-inf")


def _models_of(provider: Provider) -> list[ModelInfo]:
    try:
        return provider.models()
    except WorkbenchError:
        return []


def _states_of(provider: Provider) -> list[ProviderState]:
    if isinstance(provider, ManyServers):
        return provider.states()
    if isinstance(provider, Served):
        return [provider.state()]
    return [ProviderState(provider.name, available=True)]
