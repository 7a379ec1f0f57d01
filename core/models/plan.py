"""What a switch will do, said before it is done."""

from __future__ import annotations

from dataclasses import dataclass

from core.hardware.forecast import Forecast
from core.hardware.snapshot import Resident


@dataclass(frozen=True, slots=True)
class SwitchPlan:
    """Which models leave memory, which one comes, and how long that took here before.

    `gives_back_bytes` is what those that leave hold, as far as known. `expected_s` is `None`
    when nothing like it was ever loaded here. `forecast` is `None` when the model's dimensions
    are not known.
    """

    to: str
    unload: tuple[str, ...]
    gives_back_bytes: int
    expected_s: float | None
    forecast: Forecast | None
    loaded: bool


def leaving(
    to: str, main: str | None, resident: list[Resident], short_bytes: int
) -> list[Resident]:
    """Who leaves: the model that everybody spoke with, then the largest until there is room.

    `short_bytes` is how much is missing beside what `main` gives back; the starter is so small
    that it stays.
    """
    others = [one for one in resident if one.ref not in (to, "starter")]
    first = [one for one in others if one.ref == main]
    rest = sorted((one for one in others if one.ref != main), key=size_of, reverse=True)
    missing = short_bytes - sum(map(size_of, first))
    for one in rest:
        if missing <= 0:
            break
        first.append(one)
        missing -= size_of(one)
    return first


def size_of(one: Resident) -> int:
    """What it holds where models usually are: the card, else the machine's memory."""
    return one.vram_bytes or one.memory_bytes or 0
