"""The answer to "does it fit?": bytes by part, what is free, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Place = Literal["gpu", "host"]
Verdict = Literal["fits", "fits_shorter", "does_not_fit", "unknown"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """How much memory a model will take in one place, before it is loaded there.

    `place` is the card ("gpu") or the machine's own memory ("host"). The parts are what the
    model's dimensions say; `correction_bytes` is what earlier loads on this machine taught, and
    may be negative. `budget_bytes` is what the place could give to models at most, `free_bytes`
    what it can give just now; `None` when that cannot be read. `host_bytes` is the share that
    lies in the machine's memory when only some layers go to the card.

    It does not promise speed, and nothing about what other programs take a moment later.
    `longest_context` is the longest that would fit now (`None`: not even the shortest, or not
    known); `fitting_layers` how many of `layers` the card takes at the wanted context.

    `reading_bytes` are pages of the weights' files that lie in memory beside all this while their
    numbers are converted; the system takes them back when memory is short, so the verdict does
    not count them. `grows`: keys and values come with the text, and not when it is loaded.
    """

    ref: str
    place: Place
    context_tokens: int
    kv_type: str
    weights_bytes: int
    kv_bytes: int
    compute_bytes: int
    adapters_bytes: int
    projector_bytes: int
    overhead_bytes: int
    correction_bytes: int
    budget_bytes: int | None
    free_bytes: int | None
    verdict: Verdict
    longest_context: int | None = None
    layers: int | None = None
    fitting_layers: int | None = None
    host_bytes: int = 0
    quantization: str | None = None
    local: bool = True
    reading_bytes: int = 0
    grows: bool = False

    @property
    def raw_bytes(self) -> int:
        """All parts together, before what was learned."""
        return (
            self.weights_bytes
            + self.kv_bytes
            + self.compute_bytes
            + self.adapters_bytes
            + self.projector_bytes
            + self.overhead_bytes
        )

    @property
    def total_bytes(self) -> int:
        """What it will take."""
        return self.raw_bytes + self.correction_bytes

    @property
    def fits(self) -> bool:
        """Whether it may be loaded as wanted; an unknown one may."""
        return self.verdict in ("fits", "unknown")

    @property
    def peak_bytes(self) -> int:
        """The most that its process will hold at any time, while it is loaded or answers."""
        loading = self.weights_bytes + self.overhead_bytes + self.reading_bytes
        return max(self.total_bytes, loading + self.correction_bytes)

    @property
    def loaded_bytes(self) -> int:
        """What it will take once it is loaded and before it has read anything."""
        later = self.kv_bytes + self.compute_bytes if self.grows else 0
        return self.total_bytes - later
