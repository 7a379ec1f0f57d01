"""What Hugging Face models cost here: streaming, switching adapters, 8 and 4 bits.

`stream_ratio` is the tokens per second of an answer through the provider (a runner process, its
pipe, LangChain) by those of transformers' bare `generate` loop with the same model, prompt,
length and threads, in a process of its own; the two take turns, medians are compared.
`switch_ms` is how long the runner needs to go from one adapter to another. 8 and 4 bits are
loaded on the processor and asked for one answer each. The model is a random Llama, made on the
spot.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

from core.messages import PromptMessage
from core.paths import PROJECT
from core.providers.base import GenerationOptions
from core.providers.huggingface import HuggingFaceProvider
from core.runner.loading import LoadOptions
from core.runner.pool import RunnerPool
from testing.tiny_model import Shape, make_tiny_adapter, make_tiny_model

SHAPE = Shape(hidden=512, layers=8, heads=8, key_heads=4, inner=1408, vocabulary=8000, window=2048)
TOKENS = 96
ADAPTERS = 4
SWITCHES = 200
ASK = [PromptMessage("user", "Tell me about the garden in autumn. " * 4)]
REF = "hf:base"


def run(runs: int) -> dict[str, object]:
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
                **_streaming(provider, base, runs),
                **_switching(base, root / "adapters"),
                **{bits: _small(provider, pool, bits) for bits in ("none", "int8", "nf4")},
            }
        finally:
            provider.close()


def _streaming(provider: HuggingFaceProvider, base: Path, runs: int) -> dict[str, object]:
    with Bare("generate", base) as bare:
        for _warm in range(2):
            bare.ask()
            _tokens_per_s(provider, LoadOptions(quantization="none", device="cpu"))
        pairs = [(_tokens_per_s(provider), bare.ask()["tokens_per_s"]) for _ in range(runs)]
    ours, theirs = (median(rates) for rates in zip(*pairs, strict=True))
    return {
        "tokens_per_s": round(ours, 1),
        "bare_tokens_per_s": round(theirs, 1),
        "stream_ratio": round(ours / theirs, 3),
        "stream_ratio_of_pairs": round(median(mine / other for mine, other in pairs), 3),
    }


def _tokens_per_s(provider: HuggingFaceProvider, load: LoadOptions | None = None) -> float:
    options = GenerationOptions(
        max_tokens=TOKENS, temperature=0.0, load=load, first_token_s=600, between_tokens_s=600
    )
    began = time.perf_counter()
    *_chunks, last = provider.stream(REF, ASK, options, threading.Event())
    seconds = time.perf_counter() - began
    count = last.usage.completion_tokens if last.usage else None
    if count != TOKENS:
        raise RuntimeError(f"{count} tokens instead of {TOKENS}")
    return TOKENS / seconds


def _switching(base: Path, adapters: Path) -> dict[str, object]:
    with Bare("switch", base) as bare:
        bare.ask(str(adapters))
        found = sorted(bare.ask(str(adapters))["switch_ms"])
    return {
        "switch_ms": round(median(found), 2),
        "switch_p95_ms": round(found[int((len(found) - 1) * 0.95)], 2),
    }


def _small(provider: HuggingFaceProvider, pool: RunnerPool, bits: str) -> dict[str, object]:
    """An answer with weights in fewer bits, after one that does not count."""
    load = LoadOptions(quantization=bits, device="cpu")  # type: ignore[arg-type]
    _tokens_per_s(provider, load)
    rate = _tokens_per_s(provider)
    (state,) = pool.states()
    return {
        "tokens_per_s": round(rate, 1),
        "weight_bytes": state.report["weight_bytes"],
        "process_bytes": state.memory_bytes,
    }


class Bare:
    """A process of its own that does one thing each time it is asked."""

    def __init__(self, what: str, base: Path) -> None:
        command = [sys.executable, "-m", "benchmarks.hf_bare", what, str(base), str(TOKENS)]
        self._process = subprocess.Popen(
            [*command, str(SWITCHES), ASK[0].content],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

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
