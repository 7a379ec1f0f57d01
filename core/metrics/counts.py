"""The counters: hooked in where an answer is asked for, read by whoever scrapes.

One object per app, passed to those who count. Counting takes microseconds and never raises;
Prometheus' library is imported with the first answer, not at start.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from core.messages import Usage
from core.metrics.habits import Habits
from core.metrics.labels import ModelLabels
from core.metrics.prices import Price
from core.metrics.speeds import Speeds

if TYPE_CHECKING:
    from prometheus_client import Metric

    from core.metrics.families import Families

COMPLETE, STOPPED, FAILED = "complete", "stopped", "failed"
FEW = 5  # tokens; the speed of a shorter answer says nothing


@dataclass(eq=False, slots=True)
class Generation:
    """One answer that is asked of one model; times are `time.monotonic` seconds."""

    began: float = field(default_factory=time.monotonic)
    first: float | None = None
    usage: Usage | None = None
    load_ms: float | None = None
    done: bool = False

    def heard(self, text: str, usage: Usage | None, load_ms: float | None, *, done: bool) -> None:
        """A piece has come."""
        self.load_ms = load_ms if load_ms is not None else self.load_ms
        if self.first is None and text.strip():
            self.first = time.monotonic()
        self.usage = usage or self.usage
        self.done = self.done or done


class Counts:
    """What was asked of models, how that went, and what it cost. Thread-safe.

    `prices` are those of paid models by reference; `listed` tells whether a reference is a model
    that is there.
    """

    def __init__(
        self,
        prices: Mapping[str, Price] | None = None,
        listed: Callable[[str], bool] = lambda _ref: False,
    ) -> None:
        self.speeds, self.habits = Speeds(), Habits()
        self._prices = dict(prices or {})
        self._labels = ModelLabels(listed)
        self._making = threading.Lock()
        self._running: Counter[str] = Counter()

    @contextmanager
    def generation(self, ref: str) -> Iterator[Generation]:
        """Around one answer of a model, from asking to its end."""
        found, outcome = Generation(), STOPPED
        with self._making:
            self._running[ref] += 1
        try:
            yield found
        except Exception:
            outcome = FAILED
            raise
        finally:
            with self._making:
                self._running -= Counter((ref,))
            self._ended(ref, found, COMPLETE if found.done else outcome)

    def running(self) -> frozenset[str]:
        """The models that are answering just now."""
        with self._making:
            return frozenset(self._running)

    def failed(self, ref: str, code: str) -> None:
        """A model could not answer, or not to the end; `code` is its error's."""
        self._families.errors.labels(self._labels.of(ref), code).inc()

    def chosen(self, ref: str, why: str) -> None:
        """An answer comes from `ref`; why: "wanted", "fallback" or "cache"."""
        self._families.routes.labels(self._labels.spoke(ref), why).inc()

    def looked_up(self, *, hit: bool) -> None:
        """The answer cache was asked."""
        families = self._families
        (families.cache_hits if hit else families.cache_misses).inc()

    def happened(self, kind: str) -> None:
        """Something happened to the machine: an event of core/hardware, by its kind."""
        self._families.events.labels(kind).inc()

    def collect(self) -> Iterator[Metric]:
        """Everything, for a scrape."""
        yield from self._families.registry.collect()

    # --- inside -----------------------------------------------------------------------------

    @cached_property
    def _made(self) -> Families:
        from core.metrics.families import Families

        return Families()

    @property
    def _families(self) -> Families:
        with self._making:
            return self._made

    def _ended(self, ref: str, found: Generation, outcome: str) -> None:
        ended, families = time.monotonic(), self._families
        label = self._labels.spoke(ref) if found.first else self._labels.of(ref)
        families.generations.labels(label, outcome).inc()
        if found.first is not None:
            families.first_token.labels(label).observe(found.first - found.began)
        if outcome == COMPLETE:
            families.total.labels(label).observe(ended - found.began)
            self.habits.add(ref, found.usage or Usage(), found.load_ms)
        if found.usage is not None:
            self._spent(ref, label, found.usage)
            self._spoke(ref, found, found.usage, ended)

    def _spent(self, ref: str, label: str, usage: Usage) -> None:
        families = self._families
        families.prompt_tokens.labels(label).inc(usage.prompt_tokens or 0)
        families.completion_tokens.labels(label).inc(usage.completion_tokens or 0)
        if usage.cached_tokens is not None:
            families.cached_tokens.labels(label).inc(usage.cached_tokens)
            hit = "hit" if usage.cached_tokens else "miss"
            families.prompt_cache.labels(label, hit).inc()
        price = self._prices.get(ref)
        if price is not None:
            families.cost.labels(label).inc(price.dollars(usage))

    def _spoke(self, ref: str, found: Generation, usage: Usage, ended: float) -> None:
        tokens = usage.completion_tokens or 0
        if found.first is not None and tokens >= FEW and ended > found.first:
            self.speeds.add(ref, (tokens - 1) / (ended - found.first))
