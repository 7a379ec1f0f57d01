"""FAULTS 29: twenty rooms of five agents and twenty clients each, all at once, for real.

    pytest -m soak tests/rooms/test_load.py -k 5min     # or 30min; prints its figures with -s

The short form is part of `-m slow`. It shares the machine with other tests, so it does not ask how
late things come; the long ones, alone on a quiet machine, hold the app to 100 ms.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from testing.load import speaking, talk
from testing.load_judge import AGENTS, Plan
from testing.scripted_ollama import ScriptedOllama
from testing.served import ServedApp

DELIVERED_MS = 100.0
ANY_MS = float("inf")
PARALLEL = "4"  # answers that the scripted server gives at a time


@pytest.mark.parametrize(
    ("plan", "p95_ms"),
    [
        pytest.param(
            Plan(25, pause_s=(3, 8)), ANY_MS, marks=[pytest.mark.slow, pytest.mark.timeout(400)],
            id="25s",
        ),
        pytest.param(
            Plan(300), DELIVERED_MS, marks=[pytest.mark.soak, pytest.mark.timeout(900)], id="5min"
        ),
        pytest.param(
            Plan(1800), DELIVERED_MS, marks=[pytest.mark.soak, pytest.mark.timeout(2700)],
            id="30min",
        ),
    ],
)  # fmt: skip
def test_twenty_rooms_lose_nothing(
    plan: Plan, p95_ms: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedOllama() as ollama:
        speaking(ollama)
        environment = {**os.environ, "ENGAWA_OLLAMA_URL": ollama.url}
        environment["ENGAWA_MODELS__PARALLEL"] = PARALLEL
        with ServedApp(tmp_path / "data", environment=environment) as app:
            report = asyncio.run(talk(app, plan))
    found = report.figures()
    with capsys.disabled():
        print("\n" + json.dumps(found))  # noqa: T201
    assert (found["lost"], found["doubled"], found["reordered"]) == (0, 0, 0)
    assert found["errors"] == {}, "a refusal, a lock, or a reply that was not complete"
    assert found["said"] >= plan.rooms
    assert found["replies"] >= plan.rooms * len(AGENTS)
    assert found["resumed"] > 0
    assert found["p95_ms"] <= p95_ms
    assert found["word_p95_ms"] <= p95_ms
    logs = "\n".join(file.read_text("utf-8") for file in (tmp_path / "data" / "logs").glob("*"))
    assert "locked" not in logs
