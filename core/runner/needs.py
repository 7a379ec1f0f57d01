"""What a model needs in memory when transformers runs it, by part. Pure arithmetic, without torch.

The app forecasts with it, and a runner chooses with it what fits: one sum, so that both agree.
`python -m core bench forecast` compares it with real processes on the processor; what a card
takes was not measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.runner.loading import LoadOptions
from core.runner.shapes.shape import ModelShape

MIB = 1024**2
READ_AT_ONCE = 512  # tokens of a prompt that a runner reads in one go
FULL_PRECISION = 1_000_000_000  # parameters: larger ones compute in 16 bits on the CPU too
# A 4-bit weight with its doubly quantised scales, and an 8-bit one with one scale a row.
WEIGHT_BYTES: Mapping[str, float] = {"nf4": 0.5 + 1 / 64 + 4 / (64 * 256), "int8": 1.0}
# Python, torch and transformers in a process of their own, and what bitsandbytes adds to them.
RUNNER_BYTES = 342 * MIB
SMALL_BITS_BYTES = 67 * MIB
# Keys and values are copied as they grow, and the C library keeps the holes that this leaves.
HOLES = 0.8
# What the system reads of a file at once when a page of it is missing: Linux's default of
# /sys/kernel/debug/fault_around_bytes.
READ_AROUND = 65_536


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes by part, without the process itself.

    `reading` are pages of the weights' files that lie in memory while their numbers are
    converted or put together; the system takes them back when memory is short.
    """

    weights: int
    kv: int
    working: int
    reading: int = 0

    @property
    def total(self) -> int:
        """What must be there."""
        return self.weights + self.kv + self.working


def number_bytes(shape: ModelShape, *, on_card: bool) -> int:
    """The size of a number as the model computes: 16 bits but for small ones on the CPU."""
    return 2 if on_card or (shape.parameters or FULL_PRECISION) >= FULL_PRECISION else 4


def quantised(shape: ModelShape, load: LoadOptions) -> bool:
    """Whether its weights will lie in 8 or 4 bits."""
    return load.quantization in WEIGHT_BYTES or shape.quantization is not None


def needs(
    shape: ModelShape, tokens: int, load: LoadOptions, number: float, *, on_card: bool
) -> Needs:
    """Every part for a context of `tokens`; a number takes `number` bytes in computing."""
    wanted = min(tokens, shape.context_tokens or tokens)
    kv = shape.kv_bytes(wanted, load.kv_type, number)
    mapped = not on_card and shape.quantization is None
    converted = mapped and _converted(shape, load, number)
    weights, reading = weights_bytes(shape, load.quantization, number), 0
    if converted:
        reading = shape.weights_bytes
    elif mapped:
        weights -= round(number * _unread(shape, wanted, number))
        reading = round(number * shape.expert_parameters)
    return Needs(
        weights=weights,
        kv=kv,
        working=_working(shape, wanted, number, kv, on_card=on_card),
        reading=reading,
    )


def weights_bytes(shape: ModelShape, quantization: str | None, number: float) -> int:
    """The weights in memory; a folder that is quantised itself stays as large as it is."""
    if shape.quantization is not None or shape.parameters is None:
        return shape.weights_bytes
    each = WEIGHT_BYTES.get(quantization or "none", number)
    linear = shape.linear_parameters or 0
    return round(linear * each + (shape.parameters - linear) * number)


def _unread(shape: ModelShape, tokens: int, number: float) -> float:
    """How many of the numbers that are only looked up stay in the file.

    Expected for `tokens` words drawn evenly, each of which brings its neighbours along; what
    people write has fewer different ones.
    """
    if not shape.lookup_parameters or not shape.hidden or not shape.vocabulary:
        return 0.0
    rows = max(1.0, READ_AROUND / (number * shape.hidden))
    return shape.lookup_parameters * max(0.0, 1 - rows / shape.vocabulary) ** tokens


def _converted(shape: ModelShape, load: LoadOptions, number: float) -> bool:
    """Whether the numbers in memory are others than those in the files."""
    if shape.quantization is not None or not shape.parameters:
        return False
    stored = shape.weights_bytes / shape.parameters
    return load.quantization in WEIGHT_BYTES or abs(stored - number) > number / 4


def _working(shape: ModelShape, tokens: int, number: float, kv: int, *, on_card: bool) -> int:
    """One layer's activations of a piece of the prompt, its keys and values as attention wants
    them, the scores of all words, and what is left over as the context grows."""
    hidden, inner = shape.hidden or 0, shape.feed_forward or 4 * (shape.hidden or 0)
    layer = max((one.kv_bytes(tokens, number, number) for one in shape.layers), default=0)
    piece = min(READ_AT_ONCE, tokens) * (3 * inner + 6 * hidden)
    scores = 4 * (shape.vocabulary or 0)
    return round(number * piece + 2 * layer + scores + (0 if on_card else HOLES * kv))
