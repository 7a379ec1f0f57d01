"""The forecast's total against the peak of real runner processes on the processor."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.forecast import expected, measure, model
from benchmarks.forecast_cases import FITTED, HELD_OUT, Case

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1_800),
    pytest.mark.skipif(sys.platform != "linux", reason="reads peaks from /proc"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.mark.parametrize("case", [*FITTED, *HELD_OUT], ids=str)
def test_the_total_is_within_a_tenth_of_the_peak(case: Case, folder: Path) -> None:
    base = model(case, folder)
    peak = measure(case, base).peak
    assert abs(expected(case, base) - peak) <= 0.1 * peak
