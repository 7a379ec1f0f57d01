"""Bytes by part, from a model's dimensions and how it is wanted. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.hardware.forecast.forecast import Forecast, Place, Verdict
from core.runner.loading import LoadOptions
from core.runner.needs import RUNNER_BYTES, SMALL_BITS_BYTES, needs, number_bytes, quantised
from core.runner.shapes.shape import ModelShape

MIB = 1024**2
BATCH = 512  # tokens that llama.cpp reads at once
SHORTEST = 512  # no shorter context is proposed
STEP = 256

# What a process holds beside the model. Of the card's share nothing was measured yet: it is what
# others report. What really is so on this machine is learned, see kept.py.
CUDA_BYTES = 450 * MIB
SERVER_BYTES = 450 * MIB

SMALL = 100_000_000  # parameters: smaller ones stay off the card, see runner/host_model.py


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
    reading: int = 0

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
    if shape.engine == "transformers" and small and not quantised(shape, load):
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
        reading_bytes=parts.reading,
        grows=shape.engine == "transformers",
    )


def parts_of(shape: ModelShape, context_tokens: int, load: LoadOptions, place: Place) -> Parts:
    """Every part of a model whole in one place."""
    if shape.engine == "llama.cpp":
        return _served(shape, context_tokens, load)
    on_card = place == "gpu"
    number = number_bytes(shape, on_card=on_card)
    found = needs(shape, context_tokens, load, number, on_card=on_card)
    sees = min(found.weights, number * shape.vision_parameters)
    return Parts(
        weights=found.weights - sees,
        kv=found.kv,
        compute=found.working,
        overhead=_process_bytes(shape, load, on_card=on_card),
        adapters=shape.adapter_bytes,
        projector=shape.projector_bytes + sees,
        reading=found.reading,
    )


def _served(shape: ModelShape, context_tokens: int, load: LoadOptions) -> Parts:
    """In a server of llama.cpp's kind, which sets the whole context aside when it loads."""
    rows = min(BATCH, context_tokens)
    hidden, inner = shape.hidden or 0, shape.feed_forward or 4 * (shape.hidden or 0)
    return Parts(
        weights=shape.weights_bytes,
        kv=shape.kv_bytes(context_tokens, load.kv_type),
        compute=rows * 4 * ((shape.vocabulary or 0) + 2 * inner + 6 * hidden),
        overhead=SERVER_BYTES,
        adapters=shape.adapter_bytes,
        projector=shape.projector_bytes,
    )


def _process_bytes(shape: ModelShape, load: LoadOptions, *, on_card: bool) -> int:
    if on_card:
        return CUDA_BYTES
    return RUNNER_BYTES + (SMALL_BITS_BYTES if quantised(shape, load) else 0)


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
        parts.reading,
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
