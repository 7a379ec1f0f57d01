"""How far the forecast of a model's memory is from what its process then takes.

Random models of several sizes and families are loaded into real runner processes on the processor,
each asked for one answer with its whole context in use, and adapters are trained for some.
`peak_bytes` is the highest resident memory (RSS) of the process until then, as the kernel noted
it, and `error_percent` how far the forecast was off: positive when it was too high. `held_out`
cases are those that no constant of the forecast was fitted on. Weights stand in the files as they
will be computed with, unless `files` says otherwise. The memory of a card is not measured here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.forecast_cases import (
    FAMILIES,
    FITTED,
    HELD_OUT,
    LESSONS,
    SIZES,
    Case,
    Lesson,
)
from core.hardware.forecast.estimate import Room, forecast
from core.hardware.forecast.training import training
from core.paths import PROJECT
from core.runner.folder import inspect_folder
from core.runner.hearing import Limits
from core.runner.pool import RunnerPool
from core.runner.protocol import Ask
from core.runner.shapes.folder import shape_of_folder
from core.runner.shapes.shape import ModelShape
from testing.random_model import make_random_model
from testing.tiny_model import make_tiny_model

REF = "hf:base"
ANSWER = 8  # tokens
PATIENCE = Limits(first_token_s=1_800, between_tokens_s=600)


@dataclass(frozen=True, slots=True)
class Measured:
    """Bytes of one process: once loaded, at most while loading, at most while answering."""

    loaded: int
    load_peak: int
    answer_peak: int

    @property
    def peak(self) -> int:
        return max(self.load_peak, self.answer_peak)


def run(runs: int) -> dict[str, object]:  # noqa: ARG001  (memory does not vary as times do)
    """Every case once."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        found = [_compared(case, root, held_out=False) for case in FITTED]
        found += [_compared(case, root, held_out=True) for case in HELD_OUT]
        learned = [_learned(lesson, root) for lesson in LESSONS]
    return {
        "measured": "peak RSS of a process on the processor",
        "cases": found,
        "trainings": learned,
        "fitted": _errors([one for one in found if not one["held_out"]]),
        "held_out": _errors([one for one in found if one["held_out"]]),
        "trainings_fitted": _errors([one for one in learned if not one["held_out"]]),
        "trainings_held_out": _errors([one for one in learned if one["held_out"]]),
    }


def _errors(found: Sequence[Mapping[str, object]]) -> dict[str, float]:
    errors = sorted(abs(float(str(one["error_percent"]))) for one in found)
    return {
        "cases": len(errors),
        "error_median_percent": round(median(errors), 1),
        "error_max_percent": errors[-1],
        "within_10_percent": sum(error <= 10 for error in errors),
    }


def _learned(lesson: Lesson, root: Path) -> dict[str, object]:
    folder = model(Case(lesson.size), root)
    told, peak = expected_training(lesson, folder), measure_training(lesson, folder)
    return {
        "training": str(lesson),
        "held_out": lesson.held_out,
        "forecast_bytes": told,
        "peak_bytes": peak,
        "error_percent": round(100 * (told - peak) / peak, 1),
    }


def _compared(case: Case, root: Path, *, held_out: bool) -> dict[str, object]:
    folder = model(case, root)
    told, held = expected(case, folder), measure(case, folder)
    error = round(100 * (told - held.peak) / held.peak, 1)
    print(f"{case}: {error} %", flush=True)  # it takes a while
    return {
        "size": case.size,
        "held_out": held_out,
        "files": case.files,
        "quantization": case.quantization,
        "kv_type": case.kv_type,
        "context_tokens": case.context_tokens,
        "forecast_bytes": told,
        "peak_bytes": held.peak,
        "load_peak_bytes": held.load_peak,
        "loaded_bytes": held.loaded,
        "error_percent": error,
    }


def model(case: Case, root: Path) -> Path:
    """The folder of the case's model, made when it is not there."""
    folder = root / f"{case.size}-{case.files}"
    if (folder / "model.safetensors").is_file():
        return folder
    if case.size in FAMILIES:
        return make_random_model(folder, FAMILIES[case.size], case.files)
    return make_tiny_model(folder, shape=SIZES[case.size], dtype=case.files, endless=True)


def expected(case: Case, folder: Path) -> int:
    """The peak that is forecast, without anything learned."""
    return forecast(
        _shape(folder), case.context_tokens, case.load, Room("host", None, None)
    ).peak_bytes


def expected_training(lesson: Lesson, folder: Path) -> int:
    """The peak of a training that is forecast."""
    return training(_shape(folder), lesson.training).total_bytes


def measure_training(lesson: Lesson, folder: Path) -> int:
    """Train for two steps in a process of its own; the peak that it told, in bytes."""
    told = json.dumps(asdict(lesson.training))
    command = [sys.executable, "-m", "testing.training_child", str(folder), told]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return int(done.stdout)


def _shape(folder: Path) -> ModelShape:
    return shape_of_folder(inspect_folder(folder, REF), REF)


def measure(case: Case, folder: Path) -> Measured:
    """Load it, let it answer with its whole context in use, and read what the kernel noted."""
    pool = RunnerPool()
    try:
        pool.load(REF, folder, case.load, threading.Event(), limit_s=1_800)
        process = Path(f"/proc/{pool.pids()[REF]}")
        loaded, load_peak = _status(process, "VmRSS"), _status(process, "VmHWM")
        (process / "clear_refs").write_text("5")  # the peak begins anew
        for _piece in pool.stream(REF, folder, _ask(case), threading.Event(), PATIENCE):
            pass
        return Measured(loaded, load_peak, _status(process, "VmHWM"))
    finally:
        pool.close()


def _ask(case: Case) -> Ask:
    """A question that fills the context but for the answer."""
    letters = " garden" * case.context_tokens
    message = {"role": "user", "content": letters[: 2 * (case.context_tokens - 32)]}
    return Ask((message,), ANSWER, case.context_tokens, kv_type=case.kv_type)


def _status(process: Path, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", (process / "status").read_text(), re.M)
    if found is None:
        raise RuntimeError(f"{process} does not tell its {name}")
    return 1024 * int(found[1])
