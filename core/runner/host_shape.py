"""Answers in a given shape: at each step, the tokens that cannot lead to it are ruled out.

llguidance knows which those are: JSON Schema is turned into a grammar over the model's own
tokens. It is imported with the first such answer only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch

from core.errors import ModelRefused

ANY = {"type": "object"}  # what "json" means
# Blanks between the parts are fixed: left free, a small model may write nothing else for ever.
BLANKS = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
THOUGHT = "</think>"

Format = str | Mapping[str, Any]


class Shapes:
    """Makes shapes for one model. The tokenizer is read once, which may take a second."""

    def __init__(self, tokenizer: Any, ends: frozenset[int], words: int, ref: str) -> None:
        """`words`: how many scores the model gives."""
        self._tokenizer, self._ends, self._words = tokenizer, sorted(ends), words
        self._ref = ref
        self._known: Any = None

    def make(self, wanted: Format, *, thinking: bool) -> Shape:
        """A shape for one answer; of one that begins with a thought, what follows it.

        Raises:
            ModelRefused: the schema has what cannot be kept to; it is named.
        """
        from llguidance import LLMatcher

        schema = json.dumps(ANY if isinstance(wanted, str) else closed(dict(wanted)))
        try:
            grammar = LLMatcher.grammar_from_json_schema(schema, overrides=BLANKS)
            matcher = LLMatcher(self._tokens(), grammar, log_level=0)
        except ValueError as error:
            raise self._refused(str(error)) from None
        if matcher.is_error():
            raise self._refused(matcher.get_error())
        return Shape(matcher, self._tokenizer, self._words, thinking=thinking)

    def _tokens(self) -> Any:
        if self._known is None:
            from llguidance.hf import from_tokenizer

            ends: Any = self._ends or None
            self._known = from_tokenizer(self._tokenizer, n_vocab=self._words, eos_token=ends)
        return self._known

    def _refused(self, why: str) -> ModelRefused:
        line = why.strip().partition("\n")[0][:200].rstrip(".")
        return ModelRefused(model=self._ref, detail=f"it cannot keep to this schema: {line}")


def closed(schema: Any) -> Any:
    """A schema whose objects have the properties that it names, and others only where it says so.

    That is how Ollama reads one, too; left open, a small model adds properties without an end.
    """
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = dict(schema)
    for name in ("items", "prefixItems", "anyOf", "oneOf"):
        if name in found:
            found[name] = closed(found[name])
    for name in ("properties", "$defs", "definitions"):
        if isinstance(found.get(name), dict):
            found[name] = {key: closed(one) for key, one in found[name].items()}
    if "properties" in found and "patternProperties" not in found:
        found.setdefault("additionalProperties", False)
    return found


class Shape:
    """Follows one answer, token by token."""

    def __init__(self, matcher: Any, tokenizer: Any, words: int, *, thinking: bool) -> None:
        self._matcher, self._tokenizer, self._words = matcher, tokenizer, words
        self._thinking = thinking
        self._thought: list[int] = []

    @property
    def whole(self) -> bool:
        """Whether nothing can follow."""
        return bool(not self._thinking and self._matcher.is_stopped())

    def rule_out(self, scores: torch.Tensor) -> torch.Tensor:
        """The scores (vocabulary,) without the tokens that do not fit here."""
        if self._thinking:
            return scores
        bits = torch.frombuffer(bytearray(self._matcher.compute_bitmask()), dtype=torch.uint8)
        fits = (bits.unsqueeze(-1) >> torch.arange(8, dtype=torch.uint8)) & 1  # (words / 8, 8)
        fits = fits.flatten()[: self._words].bool().to(scores.device)
        return scores.masked_fill(~fits, -torch.inf)

    def take(self, token: int) -> None:
        """Go on to the place after this token."""
        if not self._thinking:
            self._matcher.consume_token(token)
            return
        self._thought.append(token)
        tail = self._tokenizer.decode(self._thought[-len(THOUGHT) :], skip_special_tokens=False)
        self._thinking = THOUGHT not in tail
