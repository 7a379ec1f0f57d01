"""What can be tuned of one model, and how a provider is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from core.errors import InvalidInput
from core.providers.base import GenerationOptions, prefix_of
from core.runner.loading import AS_IT_COMES

OLLAMA = "ollama"
LIMITS = {
    "context_tokens": (256, 10_000_000),
    "batch": (16, 8_192),
    "gpu_layers": (0, 1_000),
    "keep_alive_s": (0, 7 * 86_400),
}


@dataclass(frozen=True, slots=True)
class Tuned:
    """`None` leaves a value as it is without tuning.

    `batch` is how many tokens of a prompt are read at once and `keep_alive_s` how long a model
    stays in memory unused; both are Ollama's. `gpu_layers` go to the card, the rest to the
    processor.

    Raises:
        InvalidInput: a value is not one that a model could have.
    """

    context_tokens: int | None = None
    batch: int | None = None
    gpu_layers: int | None = None
    keep_alive_s: int | None = None

    def __post_init__(self) -> None:
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
            if value is not None and not fits:
                raise InvalidInput(field=name, expected=f"{least} … {most}", found=value)

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """
        Raises:
            InvalidInput: a name or a value is not one of these.
        """
        for name in stored:
            if name not in LIMITS:
                raise InvalidInput(field="options", expected=", ".join(LIMITS), found=name)
        return cls(**stored)

    def stored(self) -> dict[str, int]:
        """Only what is set."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def over(self, other: Tuned) -> Tuned:
        """`other`, with what is set here in its place."""
        return replace(other, **self.stored())

    def shown(self) -> str:
        """For people, in one line; "-" when nothing is set."""
        return ", ".join(f"{name} {value}" for name, value in self.stored().items()) or "-"


def applied(ref: str, options: GenerationOptions, tuned: Tuned) -> GenerationOptions:
    """How `ref` is asked with what was tuned; what was asked for explicitly wins."""
    extra = dict(options.extra)
    if prefix_of(ref) == OLLAMA:
        if tuned.batch is not None:
            extra.setdefault("num_batch", tuned.batch)
        if tuned.keep_alive_s is not None:
            extra.setdefault("keep_alive", f"{tuned.keep_alive_s}s")
    options = replace(options, extra=extra)
    if options.load is not None or (tuned.context_tokens, tuned.gpu_layers) == (None, None):
        return options  # the ladder has its reasons
    context = tuned.context_tokens or options.context_tokens
    load = replace(AS_IT_COMES, context_tokens=context, gpu_layers=tuned.gpu_layers)
    answer = min(options.max_tokens, max(64, context // 2))
    return replace(options, context_tokens=context, max_tokens=answer, load=load)
