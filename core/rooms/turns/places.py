"""Where the models of turns are kept, what is in memory there, and what loading costs."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select

from core.errors import ModelNotFound
from core.hardware.snapshot import Resident
from core.providers.base import Place, prefix_of
from core.providers.registry import Registry
from core.rooms.turns.rounds import Turn
from core.rooms.turns.schedule import Job, Machine, Model, Slot
from core.store import Store, tables as t
from core.store.times import now

KNOWN_S = 5.0  # how old the news of what is in memory may be before a first turn
LOADS_KEPT = 9  # the newest loads of a model whose median is taken
EVERYTHING = 2**62
LEAST_LOAD_MS = 100.0  # servers tell some milliseconds for a model that was there already


@dataclass(frozen=True, slots=True)
class Need:
    """What one call of a model needs."""

    ref: str
    place: Place
    job: Job


@dataclass(frozen=True, slots=True)
class Stand(Need):
    """One due turn with what it needs."""

    turn: Turn


class Places:
    """Thread-safe; one per app. `capacity()` is the memory for models in bytes, `None` unknown."""

    def __init__(
        self, store: Store, registry: Registry, capacity: Callable[[], int | None]
    ) -> None:
        self._store, self._registry, self._capacity = store, registry, capacity
        self._lock = threading.Lock()
        self._seconds: dict[str, list[float]] = {}
        self._sizes: dict[str, int] = {}

    def stand(self, turn: Turn, ref: str) -> Stand:
        """A turn with the model that it is asked of first."""
        need = self.need(turn.position, ref)
        return Stand(need.ref, need.place, need.job, turn)

    def need(self, key: int, ref: str) -> Need:
        """A call of this model; `key` is the caller's."""
        place = self._place(ref)
        base, _plus, adapter = ref.partition("+")
        model = Model(place.memory, base, adapter or None, self._sizes.get(base), self.load_s(base))
        return Need(ref, place, Job(key, model))

    def resident(self, place: str) -> frozenset[str]:
        """The models known to be in a place's memory, without asking anybody."""
        prefix = place.partition(" ")[0]
        return frozenset(one.ref for one in self._registry.residents(prefix, None) or ())

    def machine(self, needs: Iterable[Need], age_s: float = 0.0) -> Machine:
        """What is in memory where these are answered, at most `age_s` old."""
        slots: dict[str, Slot] = {}
        for need in needs:
            place = need.place
            if place.memory and place.memory not in slots:
                found = self._registry.residents(prefix_of(need.ref), age_s)
                if found is not None:
                    limit = self._capacity() if place.limited else EVERYTHING
                    slots[place.memory] = Slot(self._models(place, found), limit)
        return Machine(slots)

    def learn_sizes(self) -> None:
        """Look up how large models are; asks the servers, at most every three seconds."""
        found = {one.ref: one.size_bytes for one in self._registry.models()}
        with self._lock:
            self._sizes |= {ref: size for ref, size in found.items() if size is not None}

    def load_s(self, base: str) -> float:
        """Seconds that loading took lately on this machine, the median; 0.0 when never seen."""
        with self._lock:
            kept = self._seconds.get(base)
        if kept is None:
            newest = select(t.loads.c.seconds).where(t.loads.c.model == base)
            with self._store.read() as conn:
                query = newest.order_by(t.loads.c.id.desc()).limit(LOADS_KEPT)
                kept = list(conn.execute(query).scalars())
            with self._lock:
                self._seconds[base] = kept
        return statistics.median(kept) if kept else 0.0

    def loaded(self, need: Need, load_ms: float | None) -> None:
        """A call has loaded its model, and took this long for it."""
        if load_ms is None or load_ms < LEAST_LOAD_MS:
            return
        base, seconds = need.job.model.base, load_ms / 1000
        with self._lock:
            self._seconds[base] = [seconds, *self._seconds.get(base, [])][:LOADS_KEPT]
        if need.place.tells_loads:
            return  # its provider has stored it
        row = {"model": base, "seconds": seconds, "at": now()}
        self._store.submit(lambda conn: conn.execute(insert(t.loads), row))

    def _place(self, ref: str) -> Place:
        try:
            return self._registry.place(ref)
        except ModelNotFound:
            return Place(ref)

    def _models(self, place: Place, found: Sequence[Resident]) -> tuple[Model, ...]:
        models = []
        for one in found:
            base, _plus, adapter = one.ref.partition("+")
            size = one.vram_bytes or one.memory_bytes or self._sizes.get(base)
            models.append(Model(place.memory, base, adapter or None, size))
        return tuple(models)
