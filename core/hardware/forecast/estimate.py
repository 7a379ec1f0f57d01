"""Bytes by part, from a model's dimensions and how it is wanted. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.hardware.forecast.forecast import Forecast, Place, Verdict
from core.hardware.forecast.shape import ModelShape
from core.runner.loading import LoadOptions

MIB = 1024**2
BATCH = 512  # tokens that llama.cpp reads at once
SHORTEST = 512  # no shorter context is proposed
STEP = 256

# What a process holds beside the model, measured with tests/hardware/forecast/test_total.py
# (Linux, CPU build of torch 2.13, transformers 5.23); on a card CUDA's context comes to it. What
# really is so on this machine is learned, see correction.py.
RUNNER_BYTES = 340 * MIB
CUDA_BYTES = 450 * MIB
SERVER_BYTES = 450 * MIB

SMALL = 100_000_000  # parameters: smaller ones stay off the card, see runner/host_model.py
FULL_PRECISION = 1_000_000_000  # parameters: larger ones compute in 16 bits on the CPU too
# A 4-bit weight with its doubly quantised scales, and an 8-bit one with one scale a row.
WEIGHT_BYTES = {"nf4": 0.5 + 1 / 64 + 4 / (64 * 256), "int8": 1.0}


@dataclass(frozen=True, slots=True)
class Room:
    """What a place can give. `None`: it cannot be read, never zero."""

    place: Place
    budget_bytes: int | None
    free_bytes: int | None


@dataclass(frozen=True, slots=True)
class Parts:
    """Bytes that do and that do not depend on the context."""

    weights: int
    kv: int
    compute: int
    overhead: int
    adapters: int
    projector: int

    @property
    def total(self) -> int:
        return (
            self.weights + self.kv + self.compute + self.overhead + self.adapters + self.projector
        )


Correct = Callable[[int], int]


def place_of(shape: ModelShape, load: LoadOptions, *, card: bool) -> Place:
    """Where the model will lie on a machine that has a `card` or not."""
    if not card or load.device == "cpu" or load.gpu_layers == 0:
        return "host"
    small = shape.parameters is not None and shape.parameters < SMALL
    if shape.engine == "transformers" and small and not _quantised(shape, load):
        return "host"
    return "gpu"


def forecast(
    shape: ModelShape,
    context_tokens: int,
    load: LoadOptions,
    room: Room,
    correct: Correct = lambda _raw: 0,
) -> Forecast:
    """What `shape` will take in `room`, and whether that is there.

    `correct` says how much more or less than the raw sum this machine has taught.
    """
    wanted = _window(shape, context_tokens)
    parts = parts_of(shape, wanted, load, room.place)
    layers = len(shape.layers) or None
    share = _share_on_card(load, layers) if room.place == "gpu" else 1.0
    here = _scaled(parts, share)
    known = shape.local and bool(shape.layers)

    def needed(tokens: int) -> int:
        raw = _scaled(parts_of(shape, tokens, load, room.place), share).total
        return raw + correct(raw)

    longest = None
    if known and room.free_bytes is not None:
        longest = longest_context(needed, wanted, room.free_bytes)
    return Forecast(
        ref=shape.ref,
        place=room.place,
        context_tokens=wanted,
        kv_type=load.kv_type,
        weights_bytes=here.weights,
        kv_bytes=here.kv,
        compute_bytes=here.compute,
        adapters_bytes=here.adapters,
        projector_bytes=here.projector,
        overhead_bytes=here.overhead,
        correction_bytes=correct(here.total),
        budget_bytes=room.budget_bytes,
        free_bytes=room.free_bytes,
        verdict=_verdict(longest, wanted, known=known and room.free_bytes is not None),
        longest_context=longest,
        layers=layers,
        fitting_layers=_fitting_layers(parts, layers, room, correct) if known else None,
        host_bytes=round((1 - share) * (parts.weights + parts.kv)),
        quantization=load.quantization or shape.quantization,
        local=shape.local,
    )


def parts_of(shape: ModelShape, context_tokens: int, load: LoadOptions, place: Place) -> Parts:
    """Every part of a model whole in one place."""
    number = compute_bytes(shape, load, place)
    quantised = load.kv_type if shape.engine == "llama.cpp" or load.kv_type != "f16" else "f16"
    return Parts(
        weights=weights_bytes(shape, load, place),
        kv=shape.kv_bytes(context_tokens, quantised, number),
        compute=_buffers(shape, context_tokens, number),
        overhead=_overhead(shape, place),
        adapters=shape.adapter_bytes,
        projector=shape.projector_bytes,
    )


def compute_bytes(shape: ModelShape, load: LoadOptions, place: Place) -> float:
    """The size of a number as the model computes: 16 bits but for small ones on the CPU."""
    if shape.engine == "llama.cpp" or place == "gpu" or _quantised(shape, load):
        return 2.0
    return 4.0 if (shape.parameters or FULL_PRECISION) < FULL_PRECISION else 2.0


def weights_bytes(shape: ModelShape, load: LoadOptions, place: Place) -> int:
    """The weights as they will lie in memory, which need not be as they lie in their files."""
    if shape.engine == "llama.cpp" or shape.parameters is None or shape.quantization:
        return shape.weights_bytes
    number = compute_bytes(shape, load, place)
    each = WEIGHT_BYTES.get(load.quantization or "none")
    if each is None:
        return round(shape.parameters * number)
    linear = shape.linear_parameters or 0
    return round(linear * each + (shape.parameters - linear) * number)


def _quantised(shape: ModelShape, load: LoadOptions) -> bool:
    return load.quantization in WEIGHT_BYTES or (
        shape.engine == "transformers" and shape.quantization is not None
    )


def _buffers(shape: ModelShape, context_tokens: int, number: float) -> int:
    """What computing one step needs beside: activations, and the scores of all words."""
    hidden, inner = shape.hidden or 0, shape.feed_forward or 4 * (shape.hidden or 0)
    words = shape.vocabulary or 0
    if shape.engine == "llama.cpp":
        rows = min(BATCH, context_tokens)
        return rows * 4 * (words + 2 * inner + 6 * hidden)
    # A prompt is read at once: one layer's activations, and its keys and values copied as they
    # grow; only the last token's scores.
    layer = max((one.kv_bytes(context_tokens, number, number) for one in shape.layers), default=0)
    return round(context_tokens * number * (3 * inner + 6 * hidden) + 2 * layer + 4 * words)


def _overhead(shape: ModelShape, place: Place) -> int:
    if shape.engine == "llama.cpp":
        return SERVER_BYTES
    return CUDA_BYTES if place == "gpu" else RUNNER_BYTES


def _window(shape: ModelShape, context_tokens: int) -> int:
    return min(context_tokens, shape.context_tokens or context_tokens)


def _share_on_card(load: LoadOptions, layers: int | None) -> float:
    if load.gpu_layers is None or not layers:
        return 1.0
    return min(1.0, load.gpu_layers / layers)


def _scaled(parts: Parts, share: float) -> Parts:
    """With only a share of the layers; buffers, context and projector stay whole."""
    if share == 1.0:
        return parts
    return Parts(
        round(parts.weights * share),
        round(parts.kv * share),
        parts.compute,
        parts.overhead,
        parts.adapters,
        parts.projector,
    )


def _verdict(longest: int | None, wanted: int, *, known: bool) -> Verdict:
    if not known:
        return "unknown"
    if longest is None:
        return "does_not_fit"
    return "fits" if longest == wanted else "fits_shorter"


def longest_context(needed: Callable[[int], int], wanted: int, free: int) -> int | None:
    """The longest context up to `wanted` that `free` bytes hold, in steps; `None`: none does."""
    if needed(wanted) <= free:
        return wanted
    low, high = SHORTEST // STEP, (wanted - 1) // STEP
    if low > high or needed(low * STEP) > free:
        return None
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if needed(middle * STEP) <= free else (low, middle - 1)
    return low * STEP


def _fitting_layers(parts: Parts, layers: int | None, room: Room, correct: Correct) -> int | None:
    """How many layers the card takes; `None` where there is no card or nothing is known."""
    if room.place != "gpu" or room.free_bytes is None or not layers:
        return None
    fixed = parts.total - parts.weights - parts.kv + correct(parts.total)
    each = (parts.weights + parts.kv) / layers
    return max(0, min(layers, int((room.free_bytes - fixed) / each))) if each else layers
