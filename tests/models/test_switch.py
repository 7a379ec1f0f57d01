"""From one model to another: planned, measured, and back again when the new one does not come."""

from __future__ import annotations

import time

import pytest

from core.errors import ModelMissing, ModelRefused
from core.hardware.snapshot import Resident
from core.jobs import JobState
from core.models import switching
from core.models.plan import leaving
from core.workbench import Workbench
from testing.scripted_http import Hang
from testing.scripted_ollama import Model, ScriptedOllama
from tests.models.conftest import code, ended


@pytest.fixture(autouse=True)
def _two_models(server: ScriptedOllama, bench: Workbench) -> None:
    server.models |= {"big": Model("big", size=90_000_000)}
    server.loaded["tiny"] = 4096
    server.load_s = 0.3
    bench.preferences.set("default_model", "ollama:tiny")


def wait_for(bench: Workbench, *refs: str) -> None:
    """Until the sampler has seen exactly these in memory."""
    for _ in range(200):
        if {one.ref for one in bench.telemetry.latest().models} == set(refs):
            return
        time.sleep(0.05)
    raise AssertionError(bench.telemetry.latest().models)


def test_one_click(server: ScriptedOllama, bench: Workbench) -> None:
    wait_for(bench, "ollama:tiny")
    plan = bench.models.plan("ollama:big")
    assert (plan.unload, plan.loaded, plan.expected_s) == (("ollama:tiny",), False, None)
    assert plan.gives_back_bytes == server.models["tiny"].size
    assert plan.forecast is not None
    job = ended(bench, bench.models.switch("ollama:big"))
    assert job.state is JobState.DONE, job.error
    assert set(server.loaded) == {"big"}
    assert bench.preferences.get("default_model") == "ollama:big"
    steps = job.progress.detail["steps"]
    assert [(step["step"], step["model"]) for step in steps] == [
        ("unload", "ollama:tiny"),
        ("memory", "ollama:tiny"),
        ("load", "ollama:big"),
    ]
    assert steps[2]["seconds"] >= 0.3
    assert job.result is not None
    assert job.result["seconds"] >= 0.3
    expected = bench.models.plan("ollama:big").expected_s
    assert expected == pytest.approx(steps[2]["seconds"], abs=0.01)
    assert {"ollama:big"} == set(bench.forecasts.awaited())  # it will be measured
    load = bench.models.loads.of("ollama:big")[0]
    assert load.seconds == pytest.approx(expected, abs=0.01)


def test_back_again_when_it_does_not_fit(server: ScriptedOllama, bench: Workbench) -> None:
    wait_for(bench, "ollama:tiny")
    server.too_big.add("big")
    job = ended(bench, bench.models.switch("ollama:big"))
    assert (job.state, code(job)) == (JobState.FAILED, "switched_back")
    assert job.error is not None
    assert job.error.params["cause"]["code"] == "out_of_memory"
    assert set(server.loaded) == {"tiny"}
    assert bench.preferences.get("default_model") == "ollama:tiny"
    assert job.progress.detail["steps"][-1]["model"] == "ollama:tiny"


def test_cancelled_while_it_loads(server: ScriptedOllama, bench: Workbench) -> None:
    wait_for(bench, "ollama:tiny")
    job = bench.models.switch("ollama:big")
    for one in bench.jobs.follow(job.id):
        if one.progress.words and one.progress.words.code == "waiting":
            server.on("/api/chat", [Hang()])
        if one.progress.words and one.progress.words.code == "loading":
            break
    bench.jobs.cancel(job.id)
    assert ended(bench, job).state is JobState.CANCELLED
    assert bench.preferences.get("default_model") == "ollama:tiny"


def test_loading_leaves_the_others(server: ScriptedOllama, bench: Workbench) -> None:
    assert ended(bench, bench.models.load("ollama:big")).state is JobState.DONE
    assert set(server.loaded) == {"tiny", "big"}
    assert bench.preferences.get("default_model") == "ollama:tiny"


def test_unloading_waits_until_it_is_gone(server: ScriptedOllama, bench: Workbench) -> None:
    bench.models.unload("ollama:tiny")
    assert server.loaded == {}


def test_what_is_not_there(bench: Workbench) -> None:
    with pytest.raises(ModelMissing):
        bench.models.switch("ollama:nobody")
    with pytest.raises(ModelRefused):
        bench.models.unload("starter")


BIG, SMALL, MAIN = (
    Resident(f"ollama:{name}", vram_bytes=size) for name, size in zip("abc", (9, 2, 4), strict=True)
)


@pytest.mark.parametrize(
    ("short", "expected"),
    [
        (0, ["ollama:c"]),
        (4, ["ollama:c"]),
        (5, ["ollama:c", "ollama:a"]),
        (14, ["ollama:c", "ollama:a", "ollama:b"]),
    ],
)
def test_who_leaves(short: int, expected: list[str]) -> None:
    found = leaving("ollama:new", "ollama:c", [SMALL, BIG, MAIN, Resident("starter")], short)
    assert [one.ref for one in found] == expected


def test_memory_that_is_not_seen_to_come_back_does_not_hold_up_for_ever(
    monkeypatch: pytest.MonkeyPatch, bench: Workbench
) -> None:
    monkeypatch.setattr(switching, "BACK_S", 0.5)
    wait_for(bench, "ollama:tiny")
    assert ended(bench, bench.models.switch("ollama:big")).state is JobState.DONE
