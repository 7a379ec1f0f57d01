"""One answer: prompt in, text out as it comes, with a plain loop over the model's forward."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from core.runner.host_adapters import Adapters
from core.runner.host_cache import always_cuttable
from core.runner.host_model import Base
from core.runner.host_prefix import Kept, Prefixes
from core.runner.host_prompt import Prompt, PromptMaker
from core.runner.host_sampling import Sampler, rules_for
from core.runner.host_seeing import Features
from core.runner.host_shape import Shape, Shapes
from core.runner.host_text import Detokeniser, StopTexts, Thoughts
from core.runner.needs import READ_AT_ONCE
from core.runner.protocol import CANCELLED, LENGTH, STOP, Ask

SEEN_BEFORE = 8  # tokens of a begun answer that its next words are decoded after

Piece = tuple[bool, str]
"""(is it a thought, text)"""


@dataclass(slots=True)
class Outcome:
    """How an answer went. Times in milliseconds; `reused_tokens` were read earlier."""

    reason: str = STOP
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dropped_messages: int = 0
    reused_tokens: int = 0
    first_token_ms: float | None = None
    total_ms: float = 0.0


class Engine:
    """Answers one question after the other with one base model."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self._prompts = PromptMaker(base.tokenizer, base.ref, base.eyes)
        self._prefixes = Prefixes(base.model.config, base.ref)
        self._adapters = Adapters(base)
        self._words: int = base.model.config.get_text_config().vocab_size
        self._shapes = Shapes(base.tokenizer, base.ends, self._words, base.ref)
        takes = inspect.signature(base.model.forward).parameters
        self._turned = [one for one in base.model.modules() if hasattr(one, "rope_deltas")]
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}

    def answer(self, ask: Ask, cancelled: Callable[[], bool]) -> Answer:
        """Begin an answer; nothing is computed until it is iterated.

        Raises:
            PromptTooLong, ModelRefused: the messages cannot be made into a prompt, or the answer
                cannot be held to its shape.
        """
        window = min(self._base.window, max(ask.context_tokens, 64))
        prompt = self._prompts.make(ask, window)
        room = max(1, min(ask.max_tokens, window - len(prompt.ids)))
        thoughts = Thoughts(prompt.thinking, begun=prompt.begun) if self._base.thinks else None
        shape = self._shapes.make(ask.format, thinking=prompt.thinking) if ask.format else None
        answer = Answer(self, ask, prompt, room, cancelled, thoughts, shape)
        answer.outcome.dropped_messages = prompt.dropped
        return answer

    def tokens(self, answer: Answer) -> Generator[int]:
        """The tokens of an answer, without the one that ends it."""
        base, ids, ask = self._base, list(answer.prompt.ids), answer.ask
        adapter = self.adapt(ask.adapter)
        sampler = Sampler(
            rules_for(ask, base.defaults), ids, self._words, base.device, answer.shape
        )
        features = answer.prompt.features
        for module in self._turned:  # where the pictures of an earlier question stood
            module.rope_deltas = None
        if features is None:
            kept = self._prefixes.take(ids, adapter, ask.kv_type)
        else:  # the same marks stand for every picture, so nothing that was read can be taken
            kept = self._prefixes.fresh(adapter, ask.kv_type)
        answer.outcome.reused_tokens = len(kept.ids)
        kept.prompt = len(ids)
        try:
            for piece in self._unread(answer, kept):
                if answer.cancelled():
                    return
                logits = self._read(piece, kept, features)
            while True:
                token = sampler.next(logits)
                if token in base.ends:
                    answer.ended = True
                    return
                yield token
                if sampler.over:
                    answer.ended = True
                    return
                if len(ids) + 1 >= len(answer.prompt.ids) + answer.room or answer.cancelled():
                    return
                ids.append(token)
                logits = self._read([token], kept)
        finally:
            if features is None:
                self._prefixes.keep(kept)

    def adapt(self, folder: str) -> str:
        """Answer with the adapter of `folder` from now on ("": none); what it is called here.

        Raises:
            AdapterRefused: it does not fit, or must not be loaded.
        """
        name = self._adapters.use(folder)
        for old in self._adapters.gone():
            self._prefixes.drop(old)
        return name

    def drop_adapter(self, folder: str) -> None:
        """Give an adapter back."""
        self._adapters.drop(folder)
        for old in self._adapters.gone():
            self._prefixes.drop(old)

    @property
    def adapters(self) -> list[str]:
        """The folders of the adapters that are loaded."""
        return self._adapters.folders

    def adapters_held(self) -> dict[str, int]:
        """Bytes that adapters hold, by place."""
        return self._adapters.held()

    def forget(self) -> None:
        """Give back what was kept of earlier conversations (memory is short)."""
        self._prefixes.forget()

    def _unread(self, answer: Answer, kept: Kept) -> Iterator[list[int]]:
        """What is left to read, in pieces; a state is set aside where the next turn goes on."""
        ids = answer.prompt.ids
        if answer.prompt.features is not None:  # a picture is read whole
            yield list(ids)
            return
        start = len(kept.ids)
        stops = [*range(start + READ_AT_ONCE, len(ids), READ_AT_ONCE), len(ids)]
        cuttable = all(always_cuttable(layer) for layer in kept.cache.layers)
        stable = 0 if cuttable else answer.prompt.settled()
        if start < stable < len(ids):
            stops = sorted({*stops, stable})
        for stop in stops:
            yield ids[start:stop]
            start = stop
            if stop == stable:
                kept.remember()

    def _read(self, ids: list[int], kept: Kept, features: Features | None = None) -> torch.Tensor:
        """Read `ids` after what is held; the scores of what follows."""
        logits = self._forward(ids, kept.cache, self._placed(features) if features else {})
        kept.ids += ids
        return logits

    def _placed(self, features: Features) -> dict[str, Any]:
        """Where the model lies, and in the numbers that it computes with."""
        device, dtype = self._base.device, self._base.model.dtype
        return {
            name: one.to(device, dtype) if torch.is_floating_point(one) else one.to(device)
            for name, one in features.items()
        }

    def _forward(self, ids: list[int], cache: Any, features: dict[str, Any]) -> torch.Tensor:
        result = self._base.model(
            input_ids=torch.tensor([ids], device=self._base.device),
            past_key_values=cache,
            use_cache=True,
            **self._last_only,
            **features,
        )
        logits: torch.Tensor = result.logits[0, -1]
        return logits

    def decode(self, ids: list[int]) -> str:
        return str(
            self._base.tokenizer.decode(
                ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )


@dataclass(slots=True)
class Answer:
    """One answer under way: iterate for its pieces, then read `outcome`."""

    engine: Engine
    ask: Ask
    prompt: Prompt
    room: int
    cancelled: Callable[[], bool]
    thoughts: Thoughts | None
    shape: Shape | None = None
    ended: bool = False
    outcome: Outcome = field(default_factory=Outcome)

    def __iter__(self) -> Iterator[Piece]:
        begun = time.perf_counter()
        self.outcome.prompt_tokens = len(self.prompt.ids)
        text = self._detokeniser()
        stops = StopTexts(self.ask.stop)
        tokens = self.engine.tokens(self)
        for token in tokens:
            if self.outcome.first_token_ms is None:
                self.outcome.first_token_ms = _since(begun)
            self.outcome.completion_tokens += 1
            yield from self._pieces(stops.add(text.add(token)))
            if stops.found:
                tokens.close()
                break
        if not stops.found:
            yield from self._pieces(stops.rest())
        if self.thoughts is not None:
            yield from self.thoughts.rest()
        self.outcome.reason = self._reason(stops.found)
        self.outcome.total_ms = _since(begun)

    def _detokeniser(self) -> Detokeniser:
        prompt = self.prompt
        before = prompt.ids[-SEEN_BEFORE:] if prompt.begun else ()
        return Detokeniser(self.engine.decode, before, trimmed=prompt.trimmed)

    def _pieces(self, text: str) -> Iterator[Piece]:
        if self.thoughts is not None:
            yield from self.thoughts.add(text)
        elif text:
            yield False, text

    def _reason(self, stopped: bool) -> str:
        if self.ended or stopped:
            return STOP
        return CANCELLED if self.cancelled() else LENGTH


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000.0
