"""Figures as people read them."""

from __future__ import annotations

import pytest

from core.text import speaking
from pages.ui import words


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (999, "999 B"),
        (1_000, "1 kB"),
        (14_000, "14 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (1_400_000, "1 MB"),
        (31_000_000, "31 MB"),
        (999_499_999, "999 MB"),
        (999_500_000, "1.0 GB"),
        (2_640_000_000, "2.6 GB"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_size(size_bytes: int, expected: str, language: str) -> None:
    with speaking(language):
        assert words.size(size_bytes) == expected
