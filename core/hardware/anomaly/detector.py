"""From numbers to anomalies: how long, how clearly, and what is due next. No clock of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.hardware.anomaly.rules import Rule
from core.hardware.events import GAP_S

POINTS = 60  # of a slope
FULL = 0.9  # of its time must have been seen


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something that is wrong since `since` (seconds since the epoch).

    `subject` is what the rule's star stands for: a card's index, a model, a server. `number` is
    the watched number's name, `value` what it was last; of a slope, per hour.
    """

    rule: Rule
    subject: str
    number: str
    since: float
    value: float


@dataclass(frozen=True, slots=True)
class Change:
    """An anomaly began or ended, or its next step of recovery is due."""

    kind: Literal["began", "ended", "act"]
    anomaly: Anomaly
    action: str | None = None


@dataclass(slots=True)
class _Watch:
    """One rule on one number."""

    wrong_since: float | None = None
    calm_since: float | None = None
    anomaly: Anomaly | None = None
    stage: int = 0
    acted_at: float = 0.0
    window: deque[tuple[float, float]] = field(default_factory=deque)


class Detector:
    """For one thread. Times are those of the snapshots, so that a scripted clock drives it."""

    def __init__(self) -> None:
        self._watches: dict[tuple[str, str], _Watch] = {}
        self._before: float | None = None

    def look(self, now: float, signals: Mapping[str, float], rules: Sequence[Rule]) -> list[Change]:
        """What changed with these numbers."""
        gap = self._before is not None and not 0 <= now - self._before <= GAP_S
        self._before = now
        if gap:  # the machine slept, or its clock was set: nothing has lasted through that
            for watch in self._watches.values():
                watch.wrong_since = watch.calm_since = None
                watch.window.clear()
        found: list[Change] = []
        for rule in rules:
            found += self._rule(rule, now, signals)
        found += self._dropped(rules)
        return found

    def active(self) -> tuple[Anomaly, ...]:
        """What is wrong now, the longest first."""
        found = [watch.anomaly for watch in self._watches.values() if watch.anomaly]
        return tuple(sorted(found, key=lambda one: one.since))

    def _rule(self, rule: Rule, now: float, signals: Mapping[str, float]) -> Iterator[Change]:
        seen = {name: number for name, number in signals.items() if rule.subject(name) is not None}
        known = {name for of, name in self._watches if of == rule.name}
        for name in sorted(seen.keys() | known):
            watch = self._watches.setdefault((rule.name, name), _Watch())
            number = seen.get(name)
            if rule.rising_per_hour is not None:
                number = _slope(watch.window, now, number, rule.for_s)
            yield from _step(watch, rule, name, now, number)

    def _dropped(self, rules: Sequence[Rule]) -> Iterator[Change]:
        """What a rule that is gone from the file had found is over."""
        names = {rule.name for rule in rules}
        for key in [key for key in self._watches if key[0] not in names]:
            watch = self._watches.pop(key)
            if watch.anomaly:
                yield Change("ended", watch.anomaly)


def _step(
    watch: _Watch, rule: Rule, name: str, now: float, number: float | None
) -> Iterator[Change]:
    if watch.anomaly is None:
        wrong = number is not None and rule.wrong(number)
        watch.wrong_since = (watch.wrong_since or now) if wrong else None
        # A slope has its time in it already.
        needed = 0.0 if rule.rising_per_hour is not None else rule.for_s
        if number is None or watch.wrong_since is None or now - watch.wrong_since < needed:
            return
        subject = rule.subject(name) or ""
        watch.anomaly = Anomaly(rule, subject, name, now, number)
        watch.stage, watch.acted_at, watch.calm_since = 0, now - rule.step_s, None
        yield Change("began", watch.anomaly)
    else:
        value = watch.anomaly.value if number is None else number
        watch.anomaly = Anomaly(rule, watch.anomaly.subject, name, watch.anomaly.since, value)
        calm = number is None or rule.right(number)
        watch.calm_since = (watch.calm_since or now) if calm else None
        if watch.calm_since is not None and now - watch.calm_since >= rule.calm_s:
            yield Change("ended", watch.anomaly)
            watch.anomaly = watch.wrong_since = None
            return
    yield from _due(watch, rule, now)


def _due(watch: _Watch, rule: Rule, now: float) -> Iterator[Change]:
    """The next step of recovery, while it is not getting better by itself."""
    waiting = watch.calm_since is not None or now - watch.acted_at < rule.step_s
    if watch.anomaly is None or waiting or watch.stage >= len(rule.then):
        return
    action = rule.then[watch.stage]
    watch.stage, watch.acted_at = watch.stage + 1, now
    yield Change("act", watch.anomaly, action)


def _slope(
    window: deque[tuple[float, float]], now: float, number: float | None, span_s: float
) -> float | None:
    """Units per hour over the last `span_s`, by least squares; `None` before that has passed.

    0 when the second half does not rise like the first: a step is no leak.
    """
    if number is None:
        window.clear()
        return None
    if not window or now - window[-1][0] >= span_s / POINTS:
        window.append((now, number))
    while window and window[0][0] < now - span_s:
        window.popleft()
    if window[-1][0] - window[0][0] < FULL * span_s or len(window) < POINTS // 2:
        return None
    points = list(window)
    middle = len(points) // 2
    halves = (_fit(points[:middle]), _fit(points[middle:]))
    whole = _fit(points)
    steady = min(halves) > 0.3 * whole
    return 3600 * whole if steady or whole <= 0 else 0.0


def _fit(points: Sequence[tuple[float, float]]) -> float:
    count = len(points)
    x_mean, y_mean = (sum(one[axis] for one in points) / count for axis in (0, 1))
    spread = sum((x - x_mean) ** 2 for x, _y in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread if spread else 0.0
