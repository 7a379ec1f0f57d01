"""Two settings against each other: A B A B …, so that a machine that warms up favours neither.

The rule: with five pairs the new setting must win every one (by chance that is 1 in 32), and be
at least 5 % faster in the median. Loading is not counted: it is paid once, not with each answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from core.messages import PromptMessage
from core.providers.base import GenerationOptions, Provider

PAIRS = 5
GAIN = 0.05
ANSWER_TOKENS = 64
LINES = 24
LINE = (
    "Number {n}: the evening light falls on the old wooden boards, somebody pours the tea, and"
    " the guests tell each other what the day has brought."
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Seconds of each answer, pair by pair."""

    before_s: tuple[float, ...]
    after_s: tuple[float, ...]

    @property
    def wins(self) -> int:
        """Pairs in which the new setting was faster."""
        return sum(b < a for a, b in zip(self.before_s, self.after_s, strict=True))

    @property
    def gain(self) -> float:
        """How much less time the new setting took, as a share; negative: more."""
        return 1 - median(self.after_s) / median(self.before_s)

    @property
    def faster(self) -> bool:
        """Whether the new setting proved faster; see above."""
        return self.wins == len(self.after_s) and self.gain >= GAIN


def compare(
    ask: Callable[[bool, int], float],
    pairs: int = PAIRS,
    told: Callable[[float], None] = lambda _share: None,
) -> Comparison:
    """`ask(new, number)` gives the seconds of one answer; `told` hears how far it is, 0 to 1."""
    before: list[float] = []
    after: list[float] = []
    for number in range(pairs):
        before.append(ask(False, number))
        told((2 * number + 1) / (2 * pairs))
        after.append(ask(True, number))
        told((2 * number + 2) / (2 * pairs))
    return Comparison(tuple(before), tuple(after))


def seconds_of(
    provider: Provider,
    ref: str,
    options: GenerationOptions,
    number: int,
    cancel: threading.Event,
) -> float | None:
    """One answer to a prompt of its own, without the time to load; `None` when it was cancelled.

    Raises:
        ProviderError: the model did not answer.
    """
    load_ms, done, began = 0.0, False, time.monotonic()
    for chunk in provider.stream(ref, _prompt(options, number), options, cancel):
        load_ms = chunk.load_ms if chunk.load_ms is not None else load_ms
        done = done or chunk.done_reason is not None
    return time.monotonic() - began - load_ms / 1000 if done else None


def _prompt(options: GenerationOptions, number: int) -> Sequence[PromptMessage]:
    """The same for both settings of a pair, another for each pair: no cache can help."""
    lines = min(LINES, max(2, options.context_tokens // 80))
    text = "\n".join(LINE.format(n=1000 * number + line) for line in range(lines))
    return [PromptMessage("user", f"{text}\nTell it again in your own words.")]
