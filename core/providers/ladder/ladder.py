"""Where each model stands on its ladder: down when memory runs short, up again when it is free.

A model goes down when its server refuses to load it, when memory runs out in the middle of an
answer, or when a forecast says beforehand that it will not fit. It goes up when a better rung has
had room, and a tenth more, for a minute on end; each climb that failed doubles that minute.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.errors import ForecastTooLarge, MemoryShort, WorkbenchError
from core.hardware.events import Event
from core.hardware.forecast import Forecast
from core.hardware.snapshot import Snapshot
from core.messages import Reason
from core.providers.base import STARTER, GenerationOptions, prefix_of
from core.providers.ladder.climb import Climb
from core.providers.ladder.rungs import Rung, rungs

HOLD_S = 60.0
LONGEST_HOLD_S = 3_600.0
FAILED_S = 600.0  # a climb that is taken back within this time has failed
MARGIN = 1.1
GB = 1e9


@dataclass(frozen=True, slots=True)
class LadderRule:
    """What the user wants for one model. `lesser`: references, or "int8" and "nf4"."""

    on: bool = True
    lesser: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LadderState:
    """Where a model stands: on rung `level` of `rungs` (0: as wanted), since when and why."""

    ref: str
    level: int
    rungs: int
    rung: Rung
    cause: Reason
    since: float


class Predicts(Protocol):
    """Says whether a model fits; see `core.hardware.forecast.Forecasts`."""

    def before(self, ref: str, options: GenerationOptions) -> Forecast | None:
        """What loading `ref` for an answer so would take; `None` when nothing can be said."""

    def awaits(self, found: Forecast) -> None:
        """It is going to be loaded so."""


@dataclass(slots=True)
class _Stand:
    """Where one model stands. Times are the clock's seconds, `since` is of the epoch."""

    way: Sequence[Rung]
    level: int
    wanted: GenerationOptions
    cause: Reason
    since: float
    roomy_since: float | None = None
    climbed_at: float | None = None
    failed: int = 0


class Ladder:
    """The ladders of all models. Thread-safe.

    `rule` tells what the user wants for a model, `elsewhere` whether it runs on another machine,
    `loaded` which models are in memory; `tell` takes events.
    """

    def __init__(
        self,
        rule: Callable[[str], LadderRule] = lambda _ref: LadderRule(),
        *,
        predicts: Predicts | None = None,
        elsewhere: Callable[[str], bool] = lambda _ref: False,
        loaded: Callable[[], Iterable[str]] = tuple,
        tell: Callable[[Sequence[Event]], None] = lambda _events: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rule, self._predicts, self._elsewhere = rule, predicts, elsewhere
        self._loaded, self._tell, self._clock = loaded, tell, clock
        self._lock = threading.Lock()
        self._stands: dict[str, _Stand] = {}
        self._wanted: dict[str, GenerationOptions] = {}  # how each was last asked for
        self._advised: set[str] = set()
        self._layers: dict[str, int | None] = {}  # of models that lie on a card

    def begin(self, ref: str, wanted: GenerationOptions) -> Climb:
        """Where the next answer of `ref` begins."""
        rule = self._rule(ref)
        self._wanted[ref] = wanted
        if not rule.on or ref == STARTER or self._elsewhere(ref):
            return Climb(self, [Rung(ref)], wanted)
        there = ref in set(self._loaded())
        first = None if there else self._forecast(Rung(ref), wanted)
        if first is not None:
            self._layers[ref] = first.layers if first.place == "gpu" else None
        way = rungs(ref, wanted, rule.lesser, self._layers.get(ref))
        with self._lock:
            stand = self._stands.get(ref)
        if stand is None:
            climb = Climb(self, way, wanted)
        else:
            climb = Climb(self, way, wanted, stand.level, stand.cause)
        if first is not None:
            self._look_ahead(climb, way, wanted, first)
        return climb

    def states(self) -> list[LadderState]:
        """Every model that is not on top."""
        with self._lock:
            return [
                LadderState(ref, one.level, len(one.way), one.way[one.level], one.cause, one.since)
                for ref, one in sorted(self._stands.items())
                if one.level
            ]

    def see(self, _now: Snapshot) -> None:
        """A second has passed: go up where there was room for long enough."""
        with self._lock:
            stands = [(ref, stand) for ref, stand in self._stands.items() if stand.level]
        for ref, stand in stands:
            self._rise(ref, stand, self._better(stand))

    def reset(self, ref: str) -> None:
        """Ask `ref` as wanted again with the next answer."""
        with self._lock:
            stand = self._stands.get(ref)
        if stand is not None and stand.level:
            self._raise_to(ref, stand, 0)

    def lower(self, subject: str) -> str:
        """Ask the model named `subject`, else one that is loaded, for less from now on.

        Returns:
            What it was lowered to, in short; "" when there was nothing to lower.
        """
        loaded = [ref for ref in self._loaded() if ref != STARTER]
        ref = subject if subject in loaded else next(iter(loaded), "")
        if not ref:
            return ""
        climb = self.begin(ref, self._wanted.get(ref, GenerationOptions()))
        return f"{ref}: {climb.rung.after}" if climb.down(MemoryShort(model=ref)) else ""

    def lowered(
        self,
        ref: str,
        way: Sequence[Rung],
        wanted: GenerationOptions,
        level: int,
        cause: WorkbenchError,
    ) -> None:
        """An answer of `ref` had to step down to `level`."""
        now = self._clock()
        with self._lock:
            stand = self._stands.get(ref)
            if stand is None:
                stand = _Stand(way, 0, wanted, cause.reason(), time.time())
                self._stands[ref] = stand
            if stand.level >= level and len(stand.way) == len(way):
                return  # another room was faster
            soon = stand.climbed_at is not None and now - stand.climbed_at < FAILED_S
            stand.failed = stand.failed + 1 if soon else 0
            stand.way, stand.level, stand.wanted = way, level, wanted
            stand.cause, stand.since = cause.reason(), time.time()
            stand.roomy_since = stand.climbed_at = None
        rung = way[level]
        detail = {"before": rung.before, "after": rung.after, "cause": _cause(cause)}
        self._tell([Event(time.time(), f"ladder_{rung.step}", ref, detail), *self._advice(ref)])

    # --- inside ---------------------------------------------------------------------------

    def _advice(self, ref: str) -> list[Event]:
        """What would help and is not ours to do: told once of each model."""
        if prefix_of(ref) != "ollama" or ref in self._advised:
            return []
        self._advised.add(ref)
        return [Event(time.time(), "ladder_advice", ref)]

    def _look_ahead(
        self, climb: Climb, way: Sequence[Rung], wanted: GenerationOptions, top: Forecast
    ) -> None:
        """Begin on the first rung that is forecast to fit; where none is, the server decides.

        `top` is the forecast of the first rung.
        """
        start = way.index(climb.rung)
        for level in range(start, len(way)):
            found = self._forecast(way[level], wanted) if level else top
            if found is not None and not found.fits:
                continue
            if level > start:
                climb.down(self._too_large(way[start], wanted), to=level)
            if found is not None and self._predicts is not None:
                self._predicts.awaits(found)
            return

    def _too_large(self, rung: Rung, wanted: GenerationOptions) -> ForecastTooLarge:
        found = self._forecast(rung, wanted)
        needed = f"{found.total_bytes / GB:.1f}" if found else "?"
        free = f"{(found.free_bytes or 0) / GB:.1f}" if found else "?"
        return ForecastTooLarge(model=rung.ref, needed=needed, free=free)

    def _forecast(self, rung: Rung, wanted: GenerationOptions) -> Forecast | None:
        if self._predicts is None:
            return None
        return self._predicts.before(rung.ref, rung.options(wanted))

    def _better(self, stand: _Stand) -> int | None:
        """The best rung above that has room; one further up when nobody can tell."""
        for level in range(stand.level):
            found = self._forecast(stand.way[level], stand.wanted)
            if found is None or found.free_bytes is None or found.verdict == "unknown":
                return stand.level - 1
            if found.total_bytes * MARGIN <= found.free_bytes:
                return level
        return None

    def _rise(self, ref: str, stand: _Stand, level: int | None) -> None:
        now = self._clock()
        if level is None:
            stand.roomy_since = None
            return
        if stand.roomy_since is None:
            stand.roomy_since = now
        hold_s = min(LONGEST_HOLD_S, HOLD_S * 2.0**stand.failed)
        if now - stand.roomy_since >= hold_s:
            self._raise_to(ref, stand, level)

    def _raise_to(self, ref: str, stand: _Stand, level: int) -> None:
        with self._lock:
            before, stand.level = stand.way[stand.level], level
            stand.roomy_since, stand.climbed_at = None, self._clock()
        kind = "ladder_up" if level else "ladder_top"
        detail = {"before": before.after, "after": stand.way[level].after, "cause": "free"}
        self._tell([Event(time.time(), kind, ref, detail)])


def _cause(error: WorkbenchError) -> str:
    """What the server said, or the sizes, as they are: the sentence around it is translated."""
    said = error.params.get("detail")
    if said is None and "needed" in error.params:
        said = f"{error.params['needed']} GB > {error.params['free']} GB"
    return f"({said})" if said else ""
