"""What training an adapter takes: the parts, and the sum against a real training."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.forecast import expected_training, measure_training, model
from benchmarks.forecast_cases import LESSONS, Case, Lesson
from core.errors import InvalidInput
from core.hardware import Snapshot
from core.hardware.forecast import Forecasts, Training
from core.hardware.forecast.training import parameters, training
from core.runner.folder import inspect_folder
from core.runner.shapes.folder import shape_of_folder
from core.runner.shapes.shape import ModelShape
from testing.tiny_model import make_tiny_model

GIB = 1024**3
SURE = 0.15  # of a training; docs/forecast.md says where it is least sure


def shape_of(folder: Path) -> ModelShape:
    return shape_of_folder(inspect_folder(folder, "hf:base"), "hf:base")


@pytest.fixture
def shape(tmp_path: Path) -> ModelShape:
    return shape_of(make_tiny_model(tmp_path / "base"))


def test_a_lora_has_rank_times_in_and_out_for_each_matrix(shape: ModelShape) -> None:
    # 64 wide, 4 heads of 16 with 2 for keys, 128 inside, 2 layers
    assert parameters(shape, 8, ("q_proj",)) == 2 * 8 * (64 + 64)
    assert parameters(shape, 8, ("v_proj",)) == 2 * 8 * (64 + 32)
    assert parameters(shape, 4, ("down_proj", "up_proj")) == 2 * 4 * 2 * (64 + 128)


def test_every_choice_changes_its_own_part(shape: ModelShape) -> None:
    one = training(shape, Training(tokens=256))
    assert one.optimiser_bytes == 2 * one.gradient_bytes == 2 * one.adapter_bytes
    wide = training(shape, Training(rank=16, tokens=256))
    assert wide.adapter_bytes == 2 * one.adapter_bytes
    kept = training(shape, Training(tokens=256, checkpointing=False))
    assert kept.logits_bytes == one.logits_bytes
    long = training(shape, Training(tokens=512))
    assert long.activation_bytes == 2 * one.activation_bytes
    small = training(shape, Training(tokens=256, quantization="nf4"))
    assert small.weights_bytes < one.weights_bytes


def test_it_is_told_beside_what_is_free(shape: ModelShape) -> None:
    now = Snapshot(0.0, None, 4 * GIB, 16 * GIB)
    found, free = Forecasts(lambda _ref: shape, lambda: now, 4096).training("hf:x", Training())
    assert found.total_bytes > found.weights_bytes + found.overhead_bytes
    assert free == 11 * GIB


@pytest.mark.parametrize("wrong", [{"rank": 0}, {"tokens": -1}, {"targets": ("lm_head",)}])
def test_what_cannot_be_trained_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        Training(**wrong)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform != "linux", reason="reads peaks from /proc")
@pytest.mark.parametrize("lesson", LESSONS, ids=str)
def test_the_sum_is_near_the_peak_of_a_real_training(lesson: Lesson, tmp_path: Path) -> None:
    folder = model(Case(lesson.size), tmp_path)
    peak = measure_training(lesson, folder)
    assert abs(expected_training(lesson, folder) - peak) <= SURE * peak
