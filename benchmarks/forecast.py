"""How far the forecast of a model's memory is from what its process then takes.

Random Llamas of several sizes are loaded into real runner processes on the processor, each asked
for one answer with its whole context in use. `peak_bytes` is the highest resident memory (RSS) of
the process until then, as the kernel noted it, and `error_percent` how far the forecast was off:
positive when it was too high. Weights stand in the files as they will be computed with, unless
`files` says otherwise. The memory of a card is not measured here.
"""

from __future__ import annotations

import re
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from core.hardware.forecast.estimate import Room, forecast
from core.runner.folder import inspect_folder
from core.runner.hearing import Limits
from core.runner.loading import LoadOptions
from core.runner.pool import RunnerPool
from core.runner.protocol import Ask
from core.runner.shapes.folder import shape_of_folder
from testing.tiny_model import Shape, make_tiny_model

REF = "hf:base"
ANSWER = 8  # tokens
PATIENCE = Limits(first_token_s=1_800, between_tokens_s=600)
SIZES = {
    "14M": Shape(
        hidden=256, layers=8, heads=8, key_heads=4, inner=768, vocabulary=8_000, window=8192
    ),
    "60M": Shape(
        hidden=512, layers=12, heads=8, key_heads=4, inner=1536, vocabulary=16_000, window=8192
    ),
    "130M": Shape(
        hidden=768, layers=12, heads=12, key_heads=4, inner=2304, vocabulary=32_000, window=8192
    ),
    "390M": Shape(
        hidden=1152, layers=20, heads=18, key_heads=6, inner=3456, vocabulary=32_000, window=8192
    ),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One way to load one model. `files` is the number format of its files."""

    size: str
    context_tokens: int = 512
    files: str = "float32"
    quantization: str = "none"
    kv_type: str = "f16"

    @property
    def load(self) -> LoadOptions:
        kinds = {"quantization": self.quantization, "kv_type": self.kv_type}
        return LoadOptions(self.context_tokens, device="cpu", **kinds)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Measured:
    """Bytes of one process: once loaded, at most while loading, at most while answering."""

    loaded: int
    load_peak: int
    answer_peak: int

    @property
    def peak(self) -> int:
        return max(self.load_peak, self.answer_peak)


CASES = (
    Case("14M"),
    Case("14M", 4096),
    Case("60M", 1024),
    Case("60M", 4096),
    Case("60M", 4096, kv_type="q8_0"),
    Case("60M", 4096, kv_type="q4_0"),
    Case("60M", 256, quantization="int8"),
    Case("60M", 256, quantization="nf4"),
    Case("60M", 1024, files="float16"),
    Case("130M", 1024),
    Case("130M", 256, quantization="int8"),
    Case("130M", 256, quantization="nf4"),
    Case("130M", 512, files="float16"),
    Case("390M", 512),
)


def run(runs: int) -> dict[str, object]:  # noqa: ARG001  (memory does not vary as times do)
    """Every case once."""
    with tempfile.TemporaryDirectory() as folder:
        found = [_compared(case, Path(folder)) for case in CASES]
    errors = sorted(abs(float(str(one["error_percent"]))) for one in found)
    return {
        "measured": "peak RSS of a runner process on the processor",
        "cases": found,
        "error_median_percent": round(median(errors), 1),
        "error_p95_percent": errors[round(0.95 * (len(errors) - 1))],
        "error_max_percent": errors[-1],
    }


def _compared(case: Case, root: Path) -> dict[str, object]:
    folder = model(case, root)
    told, held = expected(case, folder), measure(case, folder)
    return {
        "size": case.size,
        "files": case.files,
        "quantization": case.quantization,
        "kv_type": case.kv_type,
        "context_tokens": case.context_tokens,
        "forecast_bytes": told,
        "peak_bytes": held.peak,
        "load_peak_bytes": held.load_peak,
        "loaded_bytes": held.loaded,
        "error_percent": round(100 * (told - held.peak) / held.peak, 1),
    }


def model(case: Case, root: Path) -> Path:
    """The folder of the case's model, made when it is not there."""
    folder = root / f"{case.size}-{case.files}"
    if not (folder / "model.safetensors").is_file():
        make_tiny_model(folder, shape=SIZES[case.size], dtype=case.files, endless=True)
    return folder


def expected(case: Case, folder: Path) -> int:
    """The peak that is forecast, without anything learned."""
    shape = shape_of_folder(inspect_folder(folder, REF), REF)
    return forecast(shape, case.context_tokens, case.load, Room("host", None, None)).peak_bytes


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
