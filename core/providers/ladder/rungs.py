"""The rungs of the ladder: the ways to ask a model for less memory, in the order they are tried.

Shorter context, quantised keys and values (`hf:` only: on Ollama that is the server's own
setting), fewer layers on the card, what the user's list names, the processor. After the last one
the chain of fallbacks goes on, and the starter is its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.providers.base import GenerationOptions, prefix_of
from core.runner.loading import AS_IT_COMES, LoadOptions

Step = Literal["whole", "context", "kv", "layers", "quantization", "model", "cpu"]

SHORTEST = 1024  # tokens; with less, neither the talk nor an answer has room
SHARES = (3, 2, 1)  # quarters of the layers that stay on the card
LEAST_ANSWER = 64


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to ask. `before` and `after` are what this step changes; `load` is everything
    that differs from what was wanted (`None`: nothing does).
    """

    ref: str
    step: Step = "whole"
    before: str | int = ""
    after: str | int = ""
    load: LoadOptions | None = None

    def options(self, wanted: GenerationOptions) -> GenerationOptions:
        """How the answer is asked for on this rung; half of a shorter context stays free."""
        if self.load is None:
            return wanted
        tokens = min(wanted.context_tokens, self.load.context_tokens or wanted.context_tokens)
        longest = max(LEAST_ANSWER, tokens // 2)
        return replace(
            wanted,
            context_tokens=tokens,
            max_tokens=min(wanted.max_tokens, longest),
            load=replace(self.load, context_tokens=tokens),
        )


def rungs(
    ref: str, wanted: GenerationOptions, lesser: Sequence[str] = (), card_layers: int | None = None
) -> list[Rung]:
    """Every rung for `ref`, the wanted way first.

    `lesser` is the user's own list: references, or "int8" and "nf4". `card_layers`: how many
    layers the model has, when it lies on a card.
    """
    found = [Rung(ref)]
    load = wanted.load or AS_IT_COMES
    for step in (_contexts, _key_values, _layers):
        for rung in step(ref, load, wanted, card_layers):
            found.append(rung)
            load = rung.load or load
    found += [_lesser(ref, word, load) for word in lesser]
    if card_layers:
        cpu = replace(load, device="cpu", gpu_layers=None)
        found.append(Rung(ref, "cpu", "gpu", "cpu", cpu))
    return found


def _contexts(
    ref: str, load: LoadOptions, wanted: GenerationOptions, _layers: int | None
) -> Iterator[Rung]:
    tokens = wanted.context_tokens
    while tokens // 2 >= SHORTEST:
        before, tokens = tokens, tokens // 2
        yield Rung(ref, "context", before, tokens, replace(load, context_tokens=tokens))


def _key_values(
    ref: str, load: LoadOptions, _wanted: GenerationOptions, _layers: int | None
) -> Iterator[Rung]:
    if prefix_of(ref) == "hf" and load.kv_type == "f16":
        yield Rung(ref, "kv", "f16", "q8_0", replace(load, kv_type="q8_0"))
        yield Rung(ref, "kv", "q8_0", "q4_0", replace(load, kv_type="q4_0"))


def _layers(
    ref: str, load: LoadOptions, _wanted: GenerationOptions, layers: int | None
) -> Iterator[Rung]:
    before = layers or 0
    for quarters in SHARES:
        fewer = (layers or 0) * quarters // 4
        if 0 < fewer < before:
            yield Rung(ref, "layers", before, fewer, replace(load, gpu_layers=fewer))
            before = fewer


def _lesser(ref: str, word: str, load: LoadOptions) -> Rung:
    if word in ("int8", "nf4"):
        quantised = replace(load, quantization="int8" if word == "int8" else "nf4")
        return Rung(ref, "quantization", load.quantization or "-", word, quantised)
    return Rung(word, "model", ref, word)
