"""A face and a colour for every name, drawn here."""

from __future__ import annotations

import pytest

from core.agents.face import COLOURS, colour, face


def test_a_face_is_local_steady_and_its_own():
    assert face("Ren") == face("ｒｅｎ ")
    assert face("Ren") != face("Aki")
    assert "http" not in face("Ren").replace("http://www.w3.org/2000/svg", "")
    assert len({colour(name) for name in ("Mizuho", "Ren", "Aki", "You")}) == 4


@pytest.mark.parametrize(("light", "dark"), COLOURS)
def test_every_colour_can_be_read_on_its_ground(light, dark):
    assert _contrast(light, "#FCFBF8") >= 4.5
    assert _contrast(dark, "#181714") >= 4.5


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
