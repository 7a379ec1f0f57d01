"""Keys and values of what was read: in the model's own numbers, or in 8 or 4 bits.

The quantised formats are GGUF's q8_0 and q4_0: blocks of 32 numbers along a head with one
float16 scale each, so 34 or 18 bytes a block. Blocks never reach over tokens, so that a cache
can be appended to and cut back exactly.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

from core.errors import ModelRefused

BITS = {"q8_0": 8, "q4_0": 4}
BLOCK = 32
SHORT_BLOCK = 16  # for heads that 32 does not divide

Packed = tuple[torch.Tensor, torch.Tensor]
"""Codes (B, H, T, n) and scales (B, H, T, blocks)."""


class QuantisedLayer(DynamicLayer):  # type: ignore[misc]
    """One layer's keys and values in blocks of small numbers. What it gives out is what it holds:
    the same text gives the same numbers, however it was cut into pieces."""

    def __init__(self, bits: int) -> None:
        super().__init__()
        self._bits = bits
        self._keys: Packed | None = None
        self._values: Packed | None = None

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_args: Any, **_kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self._keys = _joined(self._keys, _pack(key_states, self._bits))
        self._values = _joined(self._values, _pack(value_states, self._bits))
        dtype = key_states.dtype
        return _unpack(self._keys, self._bits, dtype), _unpack(self._values, self._bits, dtype)

    def get_seq_length(self) -> int:
        return 0 if self._keys is None else int(self._keys[0].shape[-2])

    def crop(self, tokens_to_remove: int) -> None:
        if tokens_to_remove and self._keys is not None and self._values is not None:
            end = self.get_seq_length() - abs(tokens_to_remove)
            self._keys = (self._keys[0][..., :end, :], self._keys[1][..., :end, :])
            self._values = (self._values[0][..., :end, :], self._values[1][..., :end, :])

    @property
    def held_bytes(self) -> int:
        parts = (*(self._keys or ()), *(self._values or ()))
        return sum(part.nbytes for part in parts)


def make_cache(config: Any, kv_type: str, ref: str) -> DynamicCache:
    """An empty cache; layers with a sliding window or a state stay as the model has them.

    Raises:
        ModelRefused: the model's heads cannot be cut into blocks.
    """
    cache = DynamicCache(config=config)
    bits = BITS.get(kv_type)
    if bits is None:
        return cache
    text = config.get_text_config()
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    if width % SHORT_BLOCK:
        raise ModelRefused(model=ref, detail=f"its heads of {width} numbers fit no {kv_type} cache")
    cache.layers = [
        QuantisedLayer(bits) if type(layer) is DynamicLayer else layer for layer in cache.layers
    ]
    return cache


def can_cut(layer: Any) -> bool:
    """Whether the layer can be cut back to any earlier length now."""
    if type(layer) is DynamicSlidingWindowLayer:
        return bool(layer.cumulative_length < layer.sliding_window)
    return always_cuttable(layer)


def frozen(cache: DynamicCache) -> list[Any]:
    """What the layers that cannot be cut back hold now; `None` for the others."""
    return [None if always_cuttable(layer) else _copy(layer) for layer in cache.layers]


def thaw(cache: DynamicCache, state: list[Any], held: int, tokens: int) -> None:
    """Bring a cache of `held` tokens back to the `tokens` that it had when `state` was taken."""
    for number, saved in enumerate(state):
        if saved is None:
            cache.layers[number].crop(tokens - held)
        else:
            cache.layers[number] = _copy(saved)


def held_bytes(layer: Any) -> int:
    """Bytes of a layer's tensors."""
    if isinstance(layer, QuantisedLayer):
        return layer.held_bytes
    states = [getattr(layer, name, None) or {} for name in ("conv_states", "recurrent_states")]
    tensors = [layer.keys, layer.values] if hasattr(layer, "keys") else []
    tensors += [one for state in states for one in state.values()]
    return sum(one.nbytes for one in tensors if one is not None)


def always_cuttable(layer: Any) -> bool:
    """Whether nothing of the layer is ever lost while it is read on."""
    return type(layer) in (DynamicLayer, QuantisedLayer)


def _copy(layer: Any) -> Any:
    """Attention tensors are replaced, never changed, so they are shared; states are changed."""
    copied = copy.copy(layer)
    for name in ("conv_states", "recurrent_states"):
        states = getattr(layer, name, None)
        if states is not None:
            cloned = {key: one if one is None else one.clone() for key, one in states.items()}
            setattr(copied, name, cloned)
    for name, value in vars(layer).items():
        if name.startswith(("is_conv", "is_recurrent", "has_previous", "conv_kernel")):
            setattr(copied, name, dict(value))
    return copied


def _pack(states: torch.Tensor, bits: int) -> Packed:
    size = BLOCK if states.shape[-1] % BLOCK == 0 else SHORT_BLOCK
    blocks = states.float().unflatten(-1, (-1, size))  # (B, H, T, blocks, size)
    top = 127 if bits == 8 else 7
    scales = (blocks.abs().amax(-1, keepdim=True) / top).half()
    codes = (blocks / scales.float().clamp(min=1e-8)).round().clamp(-top - 1, top)
    if bits == 8:
        return codes.to(torch.int8).flatten(-2), scales.squeeze(-1)
    small = (codes + 8).to(torch.uint8).flatten(-2)
    return small[..., 0::2] | (small[..., 1::2] << 4), scales.squeeze(-1)


def _unpack(packed: Packed, bits: int, dtype: torch.dtype) -> torch.Tensor:
    codes, scales = packed
    if bits == 4:
        codes = torch.stack((codes & 15, codes >> 4), -1).flatten(-2).to(torch.int8) - 8
    blocks = codes.unflatten(-1, (scales.shape[-1], -1))
    return (blocks.float() * scales.float().unsqueeze(-1)).flatten(-2).to(dtype)


def _joined(held: Packed | None, new: Packed) -> Packed:
    if held is None:
        return new
    return torch.cat((held[0], new[0]), -2), torch.cat((held[1], new[1]), -2)
