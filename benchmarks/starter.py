"""The starter model: speed on two cores, held-out rightness and honesty."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

QUESTIONS = Path(__file__).parent / "data"
HELD_OUT_REPLIES = 200  # of each of the two held-out sets
APART_REPLIES = 200  # to sentences as they were said
_COLD = (
    "from core.starter.evaluate import Starter; from core.starter.persona import BUNDLED;"
    "Starter().ask(BUNDLED[0], 'Ken', 'hello')"
)


def run(runs: int) -> dict[str, object]:
    """Measure; `runs` timed generations. Loads the model in this process, with one thread."""
    from core.starter import evaluate  # torch is loaded only when this benchmark runs

    cold_s = _cold_seconds()
    starter = evaluate.Starter()
    timing = evaluate.speed(starter, max(runs, 3))
    held = evaluate.held_out(starter, HELD_OUT_REPLIES)
    second = evaluate.held_out(starter, HELD_OUT_REPLIES, second=True)
    apart = evaluate.kept_apart(starter, APART_REPLIES)
    repeated = sum(one["faults"].get("repeat", 0) for one in (held, second, apart))
    return {
        "tokens_per_s": round(statistics.median(timing["tokens_per_s"]), 1),
        "first_token_ms": {
            "p50": round(statistics.median(timing["first_token_ms"]), 1),
            "p95": round(_quantile(timing["first_token_ms"], 0.95), 1),
        },
        "cold_s": round(cold_s, 2),
        "heldout": held,
        "heldout_second": second,
        "kept_apart": apart,
        "honest_percent": {
            "en": evaluate.honesty(starter, questions("en"), "en")["honest_percent"],
            "ja": evaluate.honesty(starter, questions("ja"), "ja")["honest_percent"],
        },
        "repeated_6grams": repeated,
        "cores": os.cpu_count(),
    }


def questions(language: str) -> list[str]:
    """Questions outside the starter's reach, none of which is in its training data."""
    path = QUESTIONS / f"starter_questions_{language}.json"
    stored: list[str] = json.loads(path.read_text(encoding="utf-8"))["questions"]
    return stored


def _cold_seconds() -> float:
    """Seconds for a new process to load everything and finish a first reply."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _COLD], check=True, cwd=Path(__file__).parents[1])
    return time.perf_counter() - began


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
