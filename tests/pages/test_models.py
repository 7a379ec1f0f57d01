"""The Models screen: what it says, and what its buttons do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import OutOfMemory
from core.hardware.forecast import Training
from core.jobs import JobState
from core.messages import ReplyStatus
from core.providers.base import GenerationOptions
from core.providers.ollama.provider import OllamaProvider
from core.providers.starter import StarterProvider
from core.runner.pool import RunnerPool
from core.workbench import Workbench
from pages.ui.banner import best_local
from pages.ui.markdown import plain
from testing.scripted_http import Step
from testing.scripted_library import Pull
from testing.scripted_model import ScriptedProvider
from testing.scripted_ollama import Model, ScriptedOllama, done, line, stream, token, whole
from tests.conftest import OpenWorkbench
from tests.pages.conftest import OpenScreen, texts


@pytest.fixture
def ollama() -> Iterator[ScriptedOllama]:
    huge = Model("huge", size=10**15)
    with ScriptedOllama(models=(Model("tiny"), huge)) as server:
        yield server


@pytest.fixture
def workbench(open_workbench: OpenWorkbench, ollama: ScriptedOllama) -> Workbench:
    return open_workbench(ScriptedProvider(), OllamaProvider(ollama.url))


def press(test: AppTest, key: str) -> AppTest:
    return test.button(key=key).click().run()


def test_what_fits_and_what_does_not(screen: OpenScreen) -> None:
    said = texts(screen("models"))
    assert "does not fit: 1000000" in said
    assert "fits: " in said


def test_the_plan_comes_before_the_switch(
    screen: OpenScreen, workbench: Workbench, ollama: ScriptedOllama
) -> None:
    test = press(screen("models"), "use-ollama:tiny")
    assert f"1. Load **{plain('ollama:tiny')}**" in texts(test)
    assert ollama.loaded == {}
    # A dialog's button is pressed in tests/browser: here every run is a whole one.
    job = workbench.jobs.wait(workbench.models.switch("ollama:tiny").id, 20)
    assert job.state is JobState.DONE
    assert workbench.preferences.get("default_model") == "ollama:tiny"
    assert f"{plain('ollama:tiny')} is loaded" in texts(screen("models"))


def test_a_failed_download_says_what_to_do_and_goes_on(
    screen: OpenScreen, workbench: Workbench, ollama: ScriptedOllama
) -> None:
    ollama.pulls["qwen3:4b"] = Pull(error="write: no space left on device")
    test = press(screen("models"), "pull-ollama:qwen3:4b")
    job = workbench.jobs.wait(workbench.jobs.list()[0].id, 20)
    test.run()
    assert "Delete a model that you no longer need" in texts(test)
    ollama.pulls["qwen3:4b"].error = None
    press(test, f"resume-{job.id}")
    assert workbench.jobs.wait(job.id, 20).state is JobState.DONE
    assert plain("ollama:qwen3:4b") in texts(screen("models"))


def test_without_ollama_the_next_step_is_said(
    screen: OpenScreen, workbench: Workbench, ollama: ScriptedOllama
) -> None:
    ollama.stop()
    test = screen("models")
    assert "Ollama is not running" in test.info[0].value
    assert plain("Qwen/Qwen3-0.6B") in texts(test)
    assert plain("qwen3:1.7b") not in texts(test)


def test_a_lowered_model_says_so_and_can_be_asked_as_before(
    screen: OpenScreen, workbench: Workbench
) -> None:
    wanted = GenerationOptions(context_tokens=8192)
    workbench.ladder.begin("ollama:tiny", wanted).down(OutOfMemory(model="ollama:tiny", detail="x"))
    test = screen("models")
    assert "context of 4096 tokens instead of 8192" in texts(test)
    press(test, "ladder-ollama:tiny")
    assert workbench.ladder.states() == []


@pytest.mark.parametrize(
    "broken",
    [
        whole(500, b'{"error":"model requires more system memory (9.0 GiB) than is available"}'),
        stream(token("Good "), line({"error": "CUDA error: out of memory"})),
    ],
    ids=["at load", "in the middle"],
)
def test_when_memory_runs_out_the_answer_comes_and_the_step_is_on_the_screens(
    screen: OpenScreen, workbench: Workbench, ollama: ScriptedOllama, broken: list[Step]
) -> None:
    ollama.on("/api/chat", broken, stream(token("Good "), token("evening."), done()))
    workbench.preferences.set("default_model", "ollama:tiny")
    workbench.rooms.create("one", ["Ren"])
    workbench.rooms.post("one", "Hello", sender="Yuki")
    assert workbench.rooms.wait_idle("one", 20)
    reply = workbench.rooms.messages("one")[-1]
    assert (reply.status, reply.content) == (ReplyStatus.COMPLETE, "Good evening.")
    workbench.store.write(lambda _conn: None)  # what was on its way is there
    assert "context of 2048 tokens instead of 4096" in texts(screen("models"))
    hardware = texts(screen("hardware"))
    assert "context of 2048 tokens instead of 4096" in hardware
    assert "memory" in hardware.split("What happened")[-1]


def test_the_banner_offers_the_largest_model_that_fits(
    workbench: Workbench, ollama: ScriptedOllama
) -> None:
    ollama.models |= {"small": Model("small", size=1_000)}
    workbench.registry.forget()
    best = best_local(workbench)
    assert best is not None
    assert best.ref == "ollama:tiny"  # "huge" is larger, and does not fit


def _memory_of_the_starter() -> None:
    from pages.ui.failures import shown
    from pages.ui.models_memory import training

    with shown():
        training("starter")


def test_what_a_training_takes_is_beside_its_choices(open_workbench: OpenWorkbench) -> None:
    pool = RunnerPool()
    bench = open_workbench(StarterProvider(pool))
    test = AppTest.from_function(_memory_of_the_starter).run()
    assert "fits: " in texts(test)
    before, _free = bench.forecasts.training("starter", Training())
    rows = test.dataframe[0].value
    assert list(rows["Part"])[:2] == ["Weights", "The adapter"]
    assert any(f"{before.parameters:,} numbers" in one.value for one in test.markdown)
    test.number_input(key="training-rank").set_value(16).run()
    assert any(f"{2 * before.parameters:,} numbers" in one.value for one in test.markdown)
    test.button_group(key="training-targets").set_value([]).run()
    assert test.error
    assert not pool.pids()
