"""Which precision of a model fits, and where: plain arithmetic, without torch.

What it counts is what `core.runner.needs` says, which the app's forecasts count with, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.runner.folder import ModelFolder
from core.runner.loading import LoadOptions
from core.runner.needs import needs
from core.runner.shapes.folder import shape_of_folder
from core.runner.shapes.shape import ModelShape

GIB = 1024**3
CARD_RESERVE = GIB  # bytes of a card that stay free: the desktop and the driver live there, too
CONTEXT_TOKENS = 4096


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


def choose(found: ModelFolder, load: LoadOptions, room: Room, cpu_bytes: int) -> Placing:
    """The best way that fits, or the smallest one where none does (see `fits`).

    On the card as it is, then in 8 bits, then in 4; then split between card and processor; then
    on the processor in the same order. What `load` fixes is not chosen. `cpu_bytes` is the size
    of a number on the processor (a card computes in two bytes).
    """
    ways = _ways(shape_of_folder(found, str(found.path)), load, room, cpu_bytes)
    return next((way for way in ways if fits(way, room)), ways[-1])


def fits(way: Placing, room: Room) -> bool:
    """Whether there is room for it now."""
    card = max(0, (room.card_bytes or 0) - CARD_RESERVE)
    if way.split:
        return way.needed_bytes <= card + room.host_bytes
    return way.needed_bytes <= (card if way.on_card else room.host_bytes)


def _ways(shape: ModelShape, load: LoadOptions, room: Room, cpu_bytes: int) -> list[Placing]:
    fixed = "none" if shape.quantization is not None else load.quantization
    kinds = [fixed] if fixed else ["none", "int8", "nf4"]

    def way(kind: str, card: bool, split: bool, each: int) -> Placing:
        wanted = replace(load, quantization=kind)  # type: ignore[arg-type]
        tokens = load.context_tokens or CONTEXT_TOKENS
        counted = needs(shape, tokens, wanted, each, on_card=card)
        return Placing(kind, card, split, each, counted.total)

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
