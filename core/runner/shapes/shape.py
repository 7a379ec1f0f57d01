"""What a forecast must know of a model: read from its files or its server, without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Engine = Literal["transformers", "llama.cpp"]

# Bytes of one number among the keys and values: blocks of 32 with a scale of 16 bits.
KV_BYTES: Mapping[str, float] = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
STATE_BYTES = 4  # recurrent states stay in 32 bits whatever the model computes in


@dataclass(frozen=True, slots=True)
class KvLayer:
    """What one layer keeps between two tokens.

    For each token `kv_heads` keys of `key_length` numbers and values of `value_length`, of the
    last `kept` tokens only (`None`: of all). Linear attention keeps a state of fixed size:
    `conv_numbers` in the model's own format and `state_numbers` in 32 bits. `kind` is for people:
    full, sliding, latent, linear, shared.
    """

    kv_heads: int = 0
    key_length: int = 0
    value_length: int = 0
    kept: int | None = None
    conv_numbers: int = 0
    state_numbers: int = 0
    kind: str = "full"

    def numbers_per_token(self) -> int:
        """Numbers kept for each token."""
        return self.kv_heads * (self.key_length + self.value_length)

    def kv_bytes(self, context_tokens: int, number_bytes: float, conv_bytes: float) -> float:
        """Bytes of this layer when `context_tokens` have passed through it."""
        tokens = context_tokens if self.kept is None else min(context_tokens, self.kept)
        fixed = self.conv_numbers * conv_bytes + self.state_numbers * STATE_BYTES
        return tokens * self.numbers_per_token() * number_bytes + fixed


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A model's dimensions. `None` means unknown, never zero.

    `weights_bytes` is the size of the weights in their files. Of `parameters`,
    `linear_parameters` stand in layers that 8 and 4 bits would shrink. `dtype_bytes` is the size
    of one number as the model computes here. `projector_bytes` is the part that looks at images
    where that is a file of its own, `vision_parameters` are those of it among `parameters`,
    `lookup_parameters` those that are only looked up, a row for a word, `expert_parameters` those
    that lie expert by expert in the files; `adapter_bytes` an adapter that belongs to it.
    """

    ref: str
    engine: Engine
    architecture: str
    layers: tuple[KvLayer, ...]
    weights_bytes: int
    vocabulary: int | None = None
    hidden: int | None = None
    feed_forward: int | None = None
    heads: int | None = None
    context_tokens: int | None = None
    parameters: int | None = None
    linear_parameters: int | None = None
    quantization: str | None = None
    projector_bytes: int = 0
    vision_parameters: int = 0
    lookup_parameters: int = 0
    expert_parameters: int = 0
    adapter_bytes: int = 0
    local: bool = True
    notes: tuple[str, ...] = field(default=())

    def kv_bytes(
        self, context_tokens: int, kv_type: str = "f16", number_bytes: float | None = None
    ) -> int:
        """Bytes of all keys and values, exact for transformers.

        `number_bytes` is that of the format the model computes in, where that is not 16 bits;
        a quantised `kv_type` wins.
        """
        own = 2.0 if number_bytes is None else number_bytes
        each = own if kv_type == "f16" else KV_BYTES[kv_type]
        return round(sum(layer.kv_bytes(context_tokens, each, own) for layer in self.layers))
