"""The layers of a model in llama.cpp or Ollama, from the key/values of its GGUF header.

The sizes are those that llama.cpp sets aside when it loads: the whole context at once; a layer
that looks back only so far gets its window and one batch, rounded up to 256.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.runner.shapes.fields import Fields
from core.runner.shapes.shape import KvLayer

BATCH, PAD = 512, 256
# Which layer of how many sees everything, where the file does not tell (llama-model.cpp).
PATTERNS: Mapping[str, int] = {
    "gemma2": 2,
    "gemma3": 6,
    "gemma3n": 5,
    "cohere2": 4,
    "gpt-oss": 2,
    "gptoss": 2,
    "olmo2": 4,
    "exaone4": 4,
}
LISTS = (
    "attention.head_count_kv",
    "attention.head_count",
    "attention.sliding_window_pattern",
    "feed_forward_length",
)


def layers_of_metadata(metadata: Mapping[str, Any]) -> tuple[KvLayer, ...]:
    """What each layer keeps; empty when the header does not tell its dimensions."""
    reader = _Header(metadata)
    count = reader.count("block_count")
    if not count or count > 10_000 or not reader.keys(0)[1]:
        return ()
    silent = reader.count("attention.shared_kv_layers") or 0
    return tuple(
        KvLayer(kind="shared") if silent < count and n >= count - silent else reader.layer(n)
        for n in range(count)
    )


def lists_missing(metadata: Mapping[str, Any]) -> bool:
    """Whether the server left out lists that matter (Ollama does unless asked to be verbose)."""
    architecture = Fields(metadata).word("general.architecture")
    names = (f"{architecture}.{name}" for name in LISTS)
    return any(name in metadata and metadata[name] is None for name in names)


class _Header:
    """Reads the values of one architecture."""

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        self._fields = Fields(metadata)
        self._name = self._fields.word("general.architecture")

    def count(self, *names: str) -> int | None:
        return self._fields.count(*(f"{self._name}.{name}" for name in names))

    def listed(self, name: str, number: int) -> int | None:
        """The value for one layer, given as a list or once for all."""
        found = self._fields.counts(f"{self._name}.{name}")
        if found is not None:
            return found[number] if number < len(found) else None
        return self.count(name)

    def layer(self, number: int) -> KvLayer:
        if self._linear(number):
            return KvLayer(state_numbers=self._state(), kind="linear")
        heads, keys, values = self.keys(number)
        window = self._window(number)
        if window:
            keys = self.count("attention.key_length_swa") or keys
            values = self.count("attention.value_length_swa") or values
        kept = -(-(window + BATCH) // PAD) * PAD if window else None
        kind = "sliding" if window else "full"
        if not heads and self.count("ssm.state_size"):
            return KvLayer(state_numbers=self._state(), kind="linear")
        return KvLayer(heads, keys, values, kept, kind=kind)

    def keys(self, number: int) -> tuple[int, int, int]:
        """Heads, numbers a key, numbers a value."""
        heads = self.listed("attention.head_count", number) or 0
        length = (self.count("embedding_length") or 0) // heads if heads else 0
        found = self.listed("attention.head_count_kv", number)
        return (
            heads if found is None else found,
            self.count("attention.key_length") or length,
            self.count("attention.value_length") or length,
        )

    def _linear(self, number: int) -> bool:
        interval = self.count("full_attention_interval")
        return bool(interval and (number + 1) % interval)

    def _state(self) -> int:
        """Numbers of a state-space layer, kept in 32 bits."""
        state, inner = self.count("ssm.state_size") or 0, self.count("ssm.inner_size") or 0
        groups, kernel = self.count("ssm.group_count") or 0, self.count("ssm.conv_kernel") or 1
        return (kernel - 1) * (inner + 2 * groups * state) + state * inner

    def _window(self, number: int) -> int:
        """How far the layer looks back; 0: all the way."""
        window = self.count("attention.sliding_window") or 0
        if not window:
            return 0
        told = self._fields.counts(f"{self._name}.attention.sliding_window_pattern")
        if told is not None:
            return window if number < len(told) and told[number] else 0
        pattern = self.count("attention.sliding_window_pattern") or PATTERNS.get(self._name)
        return window if pattern and (number + 1) % pattern else 0
