"""Which precision of a model fits, and where: plain arithmetic, without torch.

What it promises: weights, the keys and values of the wanted context, and a margin. It does not
know what a forward pass takes meanwhile beyond that margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.runner.folder import ModelFolder
from core.runner.loading import LoadOptions

GIB = 1024**3
CARD_RESERVE = GIB  # bytes of a card that stay free: the desktop and the driver live there, too
MARGIN = 1.1  # of what is needed: activations, fragmentation
CONTEXT_TOKENS = 4096
# Bytes of a number of a linear layer, the scales of its blocks included.
LINEAR_BYTES = {"int8": 1.0, "nf4": 0.5 + 0.127 / 8 + 0.002}
KV_BYTES = {"q8_0": 34 / 32, "q4_0": 18 / 32}


@dataclass(frozen=True, slots=True)
class Room:
    """Free bytes: of the machine's memory, and of the card (`None`: no card to be used)."""

    host_bytes: int
    card_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a model goes, and how. `split`: as much on the card as fits, the rest beside it.

    `needed_bytes` is what was counted for it. `dtype_bytes` is that of a number as computed.
    """

    quantization: str
    on_card: bool
    split: bool
    dtype_bytes: int
    needed_bytes: int


def weight_bytes(found: ModelFolder, quantization: str, dtype_bytes: int) -> int:
    """The weights in memory; a folder that is quantised itself stays as large as it is."""
    if found.quantization is not None:
        return found.size_bytes
    linear = LINEAR_BYTES.get(quantization, float(dtype_bytes))
    others = found.parameters - found.linear_parameters
    return int(found.linear_parameters * linear + others * dtype_bytes)


def kv_bytes(found: ModelFolder, load: LoadOptions, dtype_bytes: int) -> int:
    """Keys and values of the wanted context."""
    tokens = min(load.context_tokens or CONTEXT_TOKENS, found.context_tokens or CONTEXT_TOKENS)
    return int(_kv_numbers(found) * tokens * KV_BYTES.get(load.kv_type, float(dtype_bytes)))


def needed_bytes(found: ModelFolder, load: LoadOptions, quantization: str, dtype_bytes: int) -> int:
    """Weights, keys and values, and the margin."""
    whole = weight_bytes(found, quantization, dtype_bytes) + kv_bytes(found, load, dtype_bytes)
    return int(whole * MARGIN)


def layers_of(found: ModelFolder) -> int:
    """How many layers the model has; 0 where its files do not say."""
    return _count(_text(found), "num_hidden_layers", 0)


def choose(found: ModelFolder, load: LoadOptions, room: Room, cpu_bytes: int) -> Placing:
    """The best way that fits, or the smallest one where none does (see `fits`).

    On the card as it is, then in 8 bits, then in 4; then split between card and processor; then
    on the processor in the same order. What `load` fixes is not chosen. `cpu_bytes` is the size
    of a number on the processor (a card computes in two bytes).
    """
    ways = _ways(found, load, room, cpu_bytes)
    return next((way for way in ways if fits(way, room)), ways[-1])


def fits(way: Placing, room: Room) -> bool:
    """Whether there is room for it now."""
    card = max(0, (room.card_bytes or 0) - CARD_RESERVE)
    if way.split:
        return way.needed_bytes <= card + room.host_bytes
    return way.needed_bytes <= (card if way.on_card else room.host_bytes)


def _ways(found: ModelFolder, load: LoadOptions, room: Room, cpu_bytes: int) -> list[Placing]:
    fixed = "none" if found.quantization is not None else load.quantization
    kinds = [fixed] if fixed else ["none", "int8", "nf4"]

    def way(kind: str, card: bool, split: bool, each: int) -> Placing:
        return Placing(kind, card, split, each, needed_bytes(found, load, kind, each))

    whole = [way(kind, True, False, 2) for kind in kinds]
    split = [way("none", True, True, 2)] if "none" in kinds else []
    sizes = [cpu_bytes, 2] if cpu_bytes > 2 and load.quantization is None else [cpu_bytes]
    plain = [way("none", False, False, each) for each in sizes] if "none" in kinds else []
    small = [way(kind, False, False, cpu_bytes) for kind in kinds if kind != "none"]
    beside = plain + small
    if room.card_bytes is None or load.gpu_layers == 0:
        return beside
    if load.gpu_layers is not None:
        return split or whole
    return [*whole, *split, *beside]


def _text(found: ModelFolder) -> Mapping[str, Any]:
    text = found.config.get("text_config")
    return text if isinstance(text, Mapping) else found.config


def _kv_numbers(found: ModelFolder) -> int:
    """Of one token, as if every layer looked at everything: windows and shared keys take less."""
    text = _text(found)
    heads = _count(text, "num_attention_heads", 1)
    width = _count(text, "head_dim", _count(text, "hidden_size", 0) // heads)
    return 2 * layers_of(found) * _count(text, "num_key_value_heads", heads) * width


def _count(config: Mapping[str, Any], name: str, otherwise: int) -> int:
    value = config.get(name)
    return value if isinstance(value, int) and value > 0 else otherwise
