"""What training a LoRA over a model takes, by part. Pure arithmetic, from its dimensions.

It counts one process that holds the base frozen, the adapter with gradients and AdamW in 32 bits,
and the numbers that the way back needs. What a card takes was not measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from core.hardware.forecast.forecast import Place
from core.runner.loading import LoadOptions, Quantization
from core.runner.needs import RUNNER_BYTES, SMALL_BITS_BYTES, needs, number_bytes, weights_bytes
from core.runner.shapes.shape import ModelShape

MIB = 1024**2
PEFT_BYTES = 85 * MIB
CUDA_BYTES = 450 * MIB
FULL = 4  # bytes: adapters, gradients and the optimiser's numbers are in 32 bits
ADAM = 2  # numbers that AdamW keeps for each that it changes
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, slots=True)
class Training:
    """How an adapter is to be trained. `tokens` is the length of an example, `batch` how many at
    once; `checkpointing` computes activations again instead of keeping them; `quantization` "nf4"
    or "int8" holds the base in fewer bits.

    Raises:
        InvalidInput: a number is not positive, or a target is none that is known.
    """

    rank: int = 8
    targets: tuple[str, ...] = ("q_proj", "v_proj")
    tokens: int = 512
    batch: int = 1
    checkpointing: bool = True
    quantization: Quantization | None = None

    def __post_init__(self) -> None:
        for name in ("rank", "tokens", "batch"):
            if getattr(self, name) < 1:
                raise InvalidInput(field=name, expected="1 …", found=getattr(self, name))
        for target in self.targets or ("",):
            if target not in TARGETS:
                raise InvalidInput(field="targets", expected=", ".join(TARGETS), found=target)


@dataclass(frozen=True, slots=True)
class TrainingForecast:
    """Bytes by part, in one place. `parameters` is how many numbers are trained."""

    place: Place
    parameters: int
    weights_bytes: int
    adapter_bytes: int
    gradient_bytes: int
    optimiser_bytes: int
    activation_bytes: int
    logits_bytes: int
    overhead_bytes: int
    reading_bytes: int

    @property
    def total_bytes(self) -> int:
        """The most that the training will hold at any time."""
        steady = self.weights_bytes + self.overhead_bytes
        trained = self.adapter_bytes + self.gradient_bytes + self.optimiser_bytes
        working = trained + self.activation_bytes + self.logits_bytes
        return steady + max(working, self.reading_bytes - PEFT_BYTES)  # PEFT comes later


def split_targets(text: str) -> tuple[str, ...]:
    """The names of a list with commas between."""
    return tuple(one.strip() for one in text.split(",") if one.strip())


def training(shape: ModelShape, wanted: Training, place: Place = "host") -> TrainingForecast:
    """What `wanted` will take in one place."""
    on_card = place == "gpu"
    number = number_bytes(shape, on_card=on_card)
    load = LoadOptions(quantization=wanted.quantization)
    trained = parameters(shape, wanted.rank, wanted.targets)
    small = wanted.quantization in ("int8", "nf4")
    process = CUDA_BYTES if on_card else RUNNER_BYTES + (SMALL_BITS_BYTES if small else 0)
    return TrainingForecast(
        place=place,
        parameters=trained,
        weights_bytes=weights_bytes(shape, wanted.quantization, number),
        adapter_bytes=FULL * trained,
        gradient_bytes=FULL * trained,
        optimiser_bytes=FULL * ADAM * trained,
        activation_bytes=_activations(shape, wanted, number),
        logits_bytes=_logits(shape, wanted),
        overhead_bytes=process + PEFT_BYTES,
        reading_bytes=needs(shape, 1, load, number, on_card=on_card).reading,
    )


def parameters(shape: ModelShape, rank: int, targets: Sequence[str]) -> int:
    """How many numbers a LoRA of `rank` has: rank × (in + out) for each matrix it stands beside."""
    hidden, inner = shape.hidden or 0, shape.feed_forward or 4 * (shape.hidden or 0)
    found = 0
    for layer in shape.layers:
        asks = (shape.heads or 0) * layer.key_length
        sizes: Mapping[str, int] = {
            "q_proj": hidden + asks,
            "k_proj": hidden + layer.kv_heads * layer.key_length,
            "v_proj": hidden + layer.kv_heads * layer.value_length,
            "o_proj": asks + hidden,
            "gate_proj": hidden + inner,
            "up_proj": hidden + inner,
            "down_proj": inner + hidden,
        }
        found += sum(sizes[target] for target in targets)
    return rank * found


def _activations(shape: ModelShape, wanted: Training, number: int) -> int:
    """Of every layer, or of one (computed twice, and its way back) and what enters each.

    A layer keeps what its norms, its attention and its feed-forward part multiplied with, and what
    goes into matrices that adapters change.
    """
    tokens = wanted.tokens * wanted.batch
    hidden, inner = shape.hidden or 0, shape.feed_forward or 4 * (shape.hidden or 0)
    kept = 12 * hidden + 4 * inner
    kept += hidden if {"gate_proj", "up_proj"} & set(wanted.targets) else 0
    kept += inner if "down_proj" in wanted.targets else 0
    layer = number * tokens * kept
    if not wanted.checkpointing:
        return layer * len(shape.layers)
    return 3 * layer + number * tokens * hidden * len(shape.layers)


def _logits(shape: ModelShape, wanted: Training) -> int:
    """The scores of all words for every token: as computed, as shares, and the way back of both."""
    return 4 * FULL * wanted.tokens * wanted.batch * (shape.vocabulary or 0)
