"""Switching between two large models for a long time leaves no memory behind."""

import threading
import time
from pathlib import Path

import psutil
import pytest

from core.messages import PromptMessage
from core.providers.base import GenerationOptions
from core.providers.huggingface import HuggingFaceProvider
from core.runner.pool import RunnerPool
from testing.tiny_model import Shape, make_tiny_model

# 200 MB and more of weights, in 32 bits.
LARGE = Shape(hidden=640, layers=10, heads=10, key_heads=5, inner=1728, vocabulary=8000)
SWITCHES = 50
SETTLED = 10  # after so many the imports, caches and pools of a process are as large as they get
MORE_BYTES = 20_000_000


def tree_bytes() -> int:
    """What this process and all its children hold, what they share counted once."""
    me = psutil.Process()
    total = 0
    for process in (me, *me.children(recursive=True)):
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_fifty_switches_leave_memory_where_it_was(tmp_path: Path) -> None:
    refs = ["hf:one", "hf:two"]
    for seed, ref in enumerate(refs):
        folder = make_tiny_model(tmp_path / ref.removeprefix("hf:"), seed=seed, shape=LARGE)
        assert (folder / "model.safetensors").stat().st_size >= 200_000_000
    pool = RunnerPool(logs=tmp_path)
    provider = HuggingFaceProvider(pool, tmp_path)
    options = GenerationOptions(max_tokens=4, first_token_s=300, between_tokens_s=300)
    ask = [PromptMessage("user", "Hello!")]
    held = []
    try:
        for number in range(SWITCHES):
            here, there = refs[number % 2], refs[(number + 1) % 2]
            assert provider.unload(there)
            assert list(provider.stream(here, ask, options, threading.Event()))[-1].done_reason
            assert list(pool.pids()) == [here], "never two at once"
            time.sleep(0.2)
            held.append(tree_bytes())
    finally:
        provider.close()
    assert max(held[SETTLED:]) <= held[SETTLED - 1] + MORE_BYTES, held
