"""What Hugging Face models cost here: streaming, switching adapters, 8 and 4 bits.

`stream_ratio` is the tokens per second of an answer through the provider (a runner process, its
pipe, LangChain) by those of transformers' bare `generate` loop with the same model, prompt,
length, threads, priority and environment, in a process of its own. The two take turns, every pair
has a prompt of its own (so that nothing read earlier helps), and the median of the pairs' ratios
is given with its 95 % interval. `cpu_ratio` is the same by the CPU time of the two processes,
which other programs on the machine disturb less; `app_cpu_ms_per_token` is what the app's own
process spends meanwhile.
`switch_ms` is how long the runner needs to go from one adapter to another. 8 and 4 bits are
loaded on the processor and asked for one answer each. The model is a random Llama, made on the
spot.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks.pairs import in_turns, ratio
from core.messages import PromptMessage
from core.paths import PROJECT
from core.providers.base import GenerationOptions
from core.providers.huggingface import HuggingFaceProvider
from core.runner.loading import LoadOptions
from core.runner.pool import RunnerPool
from core.runner.process import ENVIRONMENT
from testing.tiny_model import Shape, make_tiny_adapter, make_tiny_model

SHAPE = Shape(hidden=512, layers=8, heads=8, key_heads=4, inner=1408, vocabulary=8000, window=2048)
TOKENS = 96
ADAPTERS = 4
SWITCHES = 200
TEXT = "{number}. Tell me about the garden in autumn, and of the guests who sat in it."
WARM = 2  # answers each way that do not count
REF = "hf:base"

Found = dict[str, object]


def run(runs: int) -> Found:
    """Medians over `runs` answers each way."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        # No token ends an answer, so that both ways say the same number of them.
        base = make_tiny_model(root / "models" / "base", shape=SHAPE, endless=True)
        for number in range(ADAPTERS):
            make_tiny_adapter(root / "adapters" / f"ad_{number}", base, number, rank=16)
        pool = RunnerPool(logs=root)
        provider = HuggingFaceProvider(pool, root / "models")
        try:
            return {
                "parameters": provider.info(REF).parameters,
                "tokens": TOKENS,
                **_streaming(provider, pool, base, runs),
                **_switching(base, root / "adapters"),
                **{bits: _small(provider, pool, bits) for bits in ("none", "int8", "nf4")},
            }
        finally:
            provider.close()


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one answer: on the clock, and of the process that generated it."""

    wall_s: float
    cpu_s: float


def _streaming(provider: HuggingFaceProvider, pool: RunnerPool, base: Path, runs: int) -> Found:
    cpu = LoadOptions(quantization="none", device="cpu")
    app_s = 0.0
    with Bare("generate", base) as bare:

        def ours(number: int) -> Cost:
            nonlocal app_s
            began_s = time.process_time()
            found = _cost(pool.pids()[REF], lambda: _answer(provider, number))
            app_s += time.process_time() - began_s
            return found

        def theirs(number: int) -> Cost:
            found: dict[str, Any] = {}
            cost = _cost(bare.pid, lambda: found.update(bare.ask(TEXT.format(number=number))))
            return Cost(found["seconds"], cost.cpu_s)

        _answer(provider, 0, cpu)
        in_turns(ours, theirs, range(1, 1 + WARM))
        app_s = 0.0
        pairs = in_turns(ours, theirs, range(1 + WARM, 1 + WARM + runs))
    return {
        "tokens_per_s": round(TOKENS / median(mine.wall_s for mine, _other in pairs), 1),
        "bare_tokens_per_s": round(TOKENS / median(other.wall_s for _mine, other in pairs), 1),
        **ratio("stream_ratio", [other.wall_s / mine.wall_s for mine, other in pairs]),
        **ratio("cpu_ratio", [other.cpu_s / mine.cpu_s for mine, other in pairs]),
        "app_cpu_ms_per_token": round(app_s * 1000 / (runs * TOKENS), 3),
    }


def _cost(pid: int, work: Callable[[], object]) -> Cost:
    process = psutil.Process(pid)
    before, began = process.cpu_times(), time.perf_counter()
    work()
    wall_s, after = time.perf_counter() - began, process.cpu_times()
    return Cost(wall_s, after.user + after.system - before.user - before.system)


def _answer(provider: HuggingFaceProvider, number: int, load: LoadOptions | None = None) -> None:
    options = GenerationOptions(
        max_tokens=TOKENS, temperature=0.0, load=load, first_token_s=600, between_tokens_s=600
    )
    ask = [PromptMessage("user", TEXT.format(number=number))]
    *_chunks, last = provider.stream(REF, ask, options, threading.Event())
    used = last.usage
    if used is None or (used.completion_tokens, used.cached_tokens) != (TOKENS, 0):
        raise RuntimeError(f"not {TOKENS} tokens after a prompt of its own: {used}")


def _switching(base: Path, adapters: Path) -> Found:
    with Bare("switch", base) as bare:
        bare.ask(str(adapters))
        found = sorted(bare.ask(str(adapters))["switch_ms"])
    return {
        "switch_ms": round(median(found), 2),
        "switch_p95_ms": round(found[int((len(found) - 1) * 0.95)], 2),
    }


def _small(provider: HuggingFaceProvider, pool: RunnerPool, bits: str) -> Found:
    """An answer with weights in fewer bits, after one that does not count."""
    load = LoadOptions(quantization=bits, device="cpu")  # type: ignore[arg-type]
    _answer(provider, -1, load)
    cost = _cost(pool.pids()[REF], lambda: _answer(provider, -2))
    (state,) = pool.states()
    return {
        "tokens_per_s": round(TOKENS / cost.wall_s, 1),
        "weight_bytes": state.report["weight_bytes"],
        "process_bytes": state.memory_bytes,
    }


class Bare:
    """A process of its own that does one thing each time it is asked."""

    def __init__(self, what: str, base: Path) -> None:
        command = [sys.executable, "-m", "benchmarks.hf_bare", what, str(base), str(TOKENS)]
        self._process = subprocess.Popen(
            [*command, str(SWITCHES)],
            cwd=PROJECT,
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, line: str = "") -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def __enter__(self) -> Bare:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.wait()
