"""Keys and values of earlier prompts, kept so that a conversation's beginning is read once.

Several characters share one base and take turns, so a few are kept, each for one conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from transformers.cache_utils import DynamicCache, DynamicLayer

KEPT = 4
KEPT_BYTES = 256 * 1024 * 1024
WORTHWHILE = 8  # tokens; less in common is not worth the bookkeeping
OWN_SHARE = 0.5  # with less of its prompt in common, a cache is of another conversation


@dataclass(frozen=True, slots=True)
class _Kept:
    ids: list[int]
    prompt: int
    cache: DynamicCache

    def own(self, common: int) -> int:
        return common if common >= OWN_SHARE * self.prompt else 0


class Prefixes:
    """A few caches, newest last. A cache is owned by one generation while it runs."""

    def __init__(self, config: Any) -> None:
        self._config = config
        self._kept: list[_Kept] = []

    def take(self, ids: list[int]) -> tuple[DynamicCache, int]:
        """A cache for `ids`, and how many of them it already holds (never all of them)."""
        lengths = [kept.own(_common(ids, kept.ids)) for kept in self._kept]
        best = max(lengths, default=0)
        if best < WORTHWHILE:
            return DynamicCache(config=self._config), 0
        kept = self._kept.pop(lengths.index(best))
        reused = min(best, len(ids) - 1)
        kept.cache.crop(reused - len(kept.ids))
        return kept.cache, reused

    def keep(self, ids: list[int], prompt: int, cache: DynamicCache) -> None:
        """Keep `cache`, which holds exactly `ids`; the first `prompt` of them were asked."""
        if not all(type(layer) is DynamicLayer for layer in cache.layers):
            return  # a sliding or recurrent one cannot be cut back
        self._kept.append(_Kept(ids, prompt, cache))
        while len(self._kept) > KEPT or self._bytes() > KEPT_BYTES:
            self._kept.pop(0)

    def forget(self) -> None:
        """Give all of them back."""
        self._kept.clear()

    def _bytes(self) -> int:
        return sum(
            layer.keys.nbytes + layer.values.nbytes
            for kept in self._kept
            for layer in kept.cache.layers
        )


def _common(one: list[int], other: list[int]) -> int:
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return length
    return next(n for n in range(length) if one[n] != other[n])
