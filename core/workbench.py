"""The composition root: wires every part, decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType

from sqlalchemy import insert

from core import logs
from core.agents import Agents
from core.embedding import Encoder
from core.hardware import Residency, Telemetry
from core.hardware.anomaly import Action, Guard, Work
from core.hardware.forecast import Forecasts, Kept
from core.jobs import Jobs
from core.metrics import Price
from core.models import Models
from core.paths import ANOMALY_RULES, SUGGESTED_MODELS, SYSTEM_AGENTS
from core.preferences import Preferences
from core.providers.base import Provider
from core.providers.defaults import default_breakers, default_providers
from core.providers.ladder.rules import ladder
from core.providers.ladder.spill import SpillDetector
from core.providers.recovery import provider_actions
from core.providers.registry import Registry
from core.providers.residency import residency
from core.rooms.answering.options import plain_options
from core.rooms.first import first_room
from core.rooms.preflight import Preflights
from core.rooms.service import Rooms
from core.settings import Settings
from core.store import Store
from core.store.tables import loads
from core.store.times import now
from core.tuning import Tuning


class Workbench:
    """One open data folder with everything that works on it. A context manager.

    Pages, the API and the command line get it from `current()`; there is one per process.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        registry: Registry,
        resident: Callable[[], Residency] = Residency,
    ) -> None:
        self.settings = settings
        self.store = store
        self.registry = registry
        self.counts = registry.counts
        self.started_at = time.time()
        self.preferences = Preferences(store)
        folders = {"system": SYSTEM_AGENTS, "user": settings.paths.agents}
        self.encoder = encoder = Encoder(settings)
        self.agents = Agents(folders, store, encoder)
        self.rooms = Rooms(
            store, self.agents, registry, settings, self.preferences, self._model_memory
        )
        self.jobs = Jobs(store, settings.paths.jobs)
        self.telemetry = Telemetry(store, settings.paths.root, resident, self.counts.happened)
        self.rooms.measure_power(self.telemetry.power_watts)
        files = (ANOMALY_RULES, settings.paths.anomaly_rules)
        self.guard = Guard(
            files,
            self._actions(),
            lambda event: self.telemetry.tell([event]),
            work=self._work,
            may_act=lambda: bool(self.preferences.get("recover", settings.care.recover)),
        )
        self.telemetry.watch(self.guard.look)
        self.tuning = Tuning(
            registry,
            self.jobs,
            self.preferences,
            plain_options(settings),
            self.telemetry.latest,
            lambda event: self.telemetry.tell([event]),
        )
        self._serving = False
        tokens = settings.models.context_tokens
        kept = Kept(store)
        self.forecasts = Forecasts(registry.shape, self.telemetry.latest, tokens, kept)
        self.telemetry.watch(self.forecasts.see)
        self.preflights = Preflights(
            self.rooms,
            registry,
            self.forecasts.of,
            self.telemetry.latest,
            lambda: (encoder.name, encoder.memory_bytes()),
            tokens,
        )
        self.models = self._managed()
        self.telemetry.watch(SpillDetector(self.counts.speeds.all, self.telemetry.tell).see)
        self.ladder = ladder(registry, self.forecasts, self.telemetry, settings, self.preferences)

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        providers: Iterable[Provider] | None = None,
        serving: bool = True,
    ) -> Workbench:
        """Open the data folder, repair what a kill left, and go on where it ended.

        `providers` replaces the real ones, for tests and demonstrations. `serving` is false for
        a single command: no port is named in the lock, and no round goes on by itself.

        Raises:
            StorageError: the folder is in use, unwritable, or of a newer version.
        """
        port = settings.port if serving else None
        store = Store.open(settings.paths, url=settings.database_url, port=port)
        logs.configure(settings.paths, settings.debug)
        try:
            given = list(_providers(settings, store) if providers is None else providers)
            registry = Registry(given, default_breakers(settings.care), _prices(settings))
            bench = cls(settings, store, registry, partial(residency, given))
            first_room(bench.store, bench.rooms, bench.agents)
            bench._serving = serving
            bench.jobs.recover(begin=serving)
            if serving:
                if settings.rooms.damper == "meaning":
                    bench.rooms.understand(bench.encoder)
                bench.rooms.resume()
                bench.telemetry.start()
        except BaseException:
            store.close()
            raise
        return bench

    def _managed(self) -> Models:
        """What pulls, makes, loads and switches models."""
        settings, preferences = self.settings, self.preferences
        return Models(
            self.store,
            self.registry,
            self.jobs,
            self.forecasts,
            self.telemetry,
            settings.paths.models,
            (settings.paths.suggested_models, SUGGESTED_MODELS),
            main=lambda: preferences.get("default_model", settings.models.default),
            choose=lambda ref: preferences.set("default_model", ref),
        )

    def _model_memory(self) -> int | None:
        """The memory that models share: the cards', else the host's."""
        found = self.telemetry.latest()
        cards = [card.memory_total_bytes for card in found.gpus if card.memory_total_bytes]
        return sum(cards) or found.memory_total_bytes

    def close(self) -> None:
        """Stop speaking, end the models' processes, and release the folder.

        A training that a single command began, or found, goes on without it.
        """
        self.jobs.close(end_children=self._serving)
        self.telemetry.close()
        self.rooms.close()
        self.agents.close()
        self.registry.close()
        self.store.close()

    def _actions(self) -> dict[str, Action]:
        """What can be done when something is wrong with the machine."""
        actions = provider_actions(self.registry, self.registry.providers())
        return {
            **actions,
            "ladder": lambda subject: self.ladder.lower(subject),
            "stop_training": lambda _subject: self.jobs.stop_training(),
        }

    def _work(self) -> Work:
        """What the app is doing, for those who watch the machine."""
        speeds = {ref: speed.share for ref, speed in self.counts.speeds.all().items()}
        return Work(bool(self.counts.running() or self.jobs.active()), speeds)

    def __enter__(self) -> Workbench:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


_current: Workbench | None = None


def set_current(bench: Workbench | None) -> None:
    """Make `bench` the one of this process; `None` when it was closed."""
    global _current
    _current = bench


def current() -> Workbench:
    """The process's open workbench.

    Raises:
        RuntimeError: none is open (a programmer's mistake, never a user's).
    """
    if _current is None:
        raise RuntimeError("no workbench is open in this process")
    return _current


def _prices(settings: Settings) -> dict[str, Price]:
    chosen = settings.models.prices
    return {ref: Price(one.prompt, one.completion, one.cached) for ref, one in chosen.items()}


def _providers(settings: Settings, store: Store) -> list[Provider]:
    def loaded(ref: str, seconds: float) -> None:
        row = {"model": ref, "seconds": seconds, "at": now()}
        store.submit(lambda conn: conn.execute(insert(loads), row))

    return default_providers(settings, on_load=loaded)
