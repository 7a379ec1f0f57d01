"""Keys and values of earlier prompts, kept so that a conversation's beginning is read once.

Several characters share one base and take turns, so a few are kept, each for one conversation
with one adapter. A cache is cut back to what the next prompt has in common with it. Where it
cannot be (a sliding window that has moved on, a recurrent state), its state at the end of the
conversation, before the model was asked to speak, was set aside and is gone back to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from transformers.cache_utils import DynamicCache

from core.runner.host_cache import can_cut, frozen, held_bytes, make_cache, thaw

KEPT = 12
KEPT_BYTES = 512 * 1024 * 1024
WORTHWHILE = 8  # tokens; less in common is not worth the bookkeeping
OWN_SHARE = 0.5  # with less of its prompt in common, a cache is of another conversation


@dataclass(slots=True)
class Kept:
    """A cache that holds exactly `ids`, of which the first `prompt` were asked.

    It is owned by one generation while it runs. `key` is what it depends on beside the tokens.
    `mark` is the state of an earlier length, (tokens, state), where the cache cannot be cut.
    """

    key: tuple[str, str]
    cache: DynamicCache
    ids: list[int]
    prompt: int = 0
    mark: tuple[int, list[Any]] | None = None

    def usable(self, ids: list[int]) -> int:
        """How many of `ids` need not be read again (never all of them)."""
        common = _common(ids, self.ids)
        if common < OWN_SHARE * self.prompt:
            return 0
        common = min(common, len(ids) - 1)
        if common == len(self.ids) or all(can_cut(layer) for layer in self.cache.layers):
            return common
        return self.mark[0] if self.mark is not None and self.mark[0] <= common else 0

    def cut(self, tokens: int) -> None:
        """Go back to the first `tokens`."""
        held = len(self.ids)
        if tokens < held:
            if self.mark is not None and tokens == self.mark[0]:
                thaw(self.cache, self.mark[1], held, tokens)
            else:
                self.cache.crop(tokens - held)
        self.ids = self.ids[:tokens]

    def remember(self) -> None:
        """Set the state of now aside, to be gone back to."""
        self.mark = (len(self.ids), frozen(self.cache))

    @property
    def bytes(self) -> int:
        marked = self.mark[1] if self.mark is not None else []
        layers = [*self.cache.layers, *(layer for layer in marked if layer is not None)]
        return sum(held_bytes(layer) for layer in layers)


class Prefixes:
    """A few caches, newest last."""

    def __init__(self, config: Any, ref: str) -> None:
        self._config = config
        self._ref = ref
        self._kept: list[Kept] = []

    def take(self, ids: list[int], adapter: str, kv_type: str) -> Kept:
        """A cache for a prompt of `ids`; its own `ids` are what it already holds of them.

        Raises:
            ModelRefused: the model has no cache of this type.
        """
        key = (adapter, kv_type)
        lengths = [kept.usable(ids) if kept.key == key else 0 for kept in self._kept]
        best = max(lengths, default=0)
        if best < WORTHWHILE:
            return self.fresh(adapter, kv_type)
        kept = self._kept.pop(lengths.index(best))
        kept.cut(best)
        return kept

    def fresh(self, adapter: str, kv_type: str) -> Kept:
        """An empty cache. Raises as `take`."""
        return Kept((adapter, kv_type), make_cache(self._config, kv_type, self._ref), [])

    def keep(self, kept: Kept) -> None:
        """Keep a cache that was taken, for the conversation's next turn."""
        if not kept.ids:
            return
        self._kept.append(kept)
        while len(self._kept) > KEPT or sum(one.bytes for one in self._kept) > KEPT_BYTES:
            self._kept.pop(0)

    def drop(self, adapter: str) -> None:
        """Give back what was read with an adapter."""
        self._kept = [kept for kept in self._kept if kept.key[0] != adapter]

    def forget(self) -> None:
        """Give all of them back."""
        self._kept.clear()


def _common(one: list[int], other: list[int]) -> int:
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return length
    return next(n for n in range(length) if one[n] != other[n])
