"""The choice of the next token: a few tensor operations, with the same results as
transformers' own generation (its general loop costs a tiny model a fifth of its speed).

One difference is meant: `no_repeat_ngram_size` looks at the answer only. In a conversation
people may ask the same thing twice, and deserve the same sentence twice. An answer in a given shape
may repeat itself, as its shape does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.runner.host_shape import Shape
from core.runner.protocol import Ask


@dataclass(frozen=True, slots=True)
class Rules:
    """How tokens are chosen. A temperature of 0 is greedy; 0 or 1 switch the others off."""

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0
    seed: int | None = None


def rules_for(ask: Ask, defaults: Mapping[str, Any]) -> Rules:
    """The options of `ask` over the model's generation_config.json."""

    def chosen(name: str, otherwise: float) -> float:
        value = ask.extra.get(name, defaults.get(name))
        return otherwise if value is None else float(value)

    temperature = ask.temperature
    if temperature is None:
        temperature = chosen("temperature", 1.0) if defaults.get("do_sample") else 0.0
    return Rules(
        temperature=max(0.0, temperature),
        top_k=int(chosen("top_k", 50)),
        top_p=ask.top_p if ask.top_p is not None else chosen("top_p", 1.0),
        repetition_penalty=1.0 if ask.format else chosen("repetition_penalty", 1.0),
        no_repeat_ngram=0 if ask.format else int(chosen("no_repeat_ngram_size", 0)),
        seed=ask.seed,
    )


class Sampler:
    """Chooses token after token of one answer."""

    def __init__(
        self,
        rules: Rules,
        prompt: Sequence[int],
        vocabulary: int,
        device: Any,
        shape: Shape | None = None,
    ) -> None:
        self._rules = rules
        self._shape = shape
        self._seen: torch.Tensor | None = None  # (vocabulary,) bool
        if rules.repetition_penalty != 1.0:
            self._seen = torch.zeros(vocabulary, dtype=torch.bool, device=device)
            self._seen[torch.tensor(prompt, device=device)] = True
        self._tail: list[int] = []
        self._following: dict[tuple[int, ...], list[int]] = {}
        self._generator = torch.Generator(device=device)
        if rules.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(rules.seed)

    @property
    def over(self) -> bool:
        """Whether the answer has its shape, so that nothing can follow."""
        return self._shape is not None and self._shape.whole

    def next(self, logits: torch.Tensor) -> int:
        """The next token for the last position's `logits` (vocabulary,)."""
        logits = self._without_repeats(logits)
        if self._shape is not None:
            logits = self._shape.rule_out(logits)
        token = int(self._draw(logits) if self._rules.temperature > 0 else logits.argmax())
        self._remember(token)
        return token

    def _without_repeats(self, logits: torch.Tensor) -> torch.Tensor:
        penalty = self._rules.repetition_penalty
        if self._seen is not None:
            weaker = torch.where(logits < 0, logits * penalty, logits / penalty)
            logits = torch.where(self._seen, weaker, logits)
        size = self._rules.no_repeat_ngram
        if size > 0 and len(self._tail) == size - 1:
            banned = self._following.get(tuple(self._tail))
            if banned:
                logits = logits.clone()
                logits[banned] = -torch.inf
        return logits

    def _remember(self, token: int) -> None:
        if self._shape is not None:
            self._shape.take(token)
        if self._seen is not None:
            self._seen[token] = True
        size = self._rules.no_repeat_ngram
        if size <= 0:
            return
        if len(self._tail) == size - 1:
            self._following.setdefault(tuple(self._tail), []).append(token)
        self._tail = [*self._tail, token][-(size - 1) :] if size > 1 else []

    def _draw(self, logits: torch.Tensor) -> torch.Tensor:
        scores = logits.float() / self._rules.temperature
        if 0 < self._rules.top_k < scores.shape[-1]:
            scores, places = scores.topk(self._rules.top_k)
        else:
            scores, places = scores.sort(descending=True)
        chances = scores.softmax(-1)
        if self._rules.top_p < 1.0:
            before = chances.cumsum(-1) - chances
            chances = chances.masked_fill(before >= max(self._rules.top_p, 0.0), 0.0)
            chances[0] = max(float(chances[0]), 1e-6)
        return places[torch.multinomial(chances, 1, generator=self._generator)]
