"""Settings are proposed from use, tried against the present one, kept when they win, undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from core.errors import InvalidInput, ModelMissing, NothingToUndo
from core.jobs import JobState
from core.messages import PromptMessage
from core.metrics.habits import Habit
from core.providers.base import GenerationOptions
from core.providers.chain import answer
from core.providers.ollama.provider import OllamaProvider
from core.runner.loading import LoadOptions
from core.tuning import Comparison, Tuned, applied
from core.tuning.compare import compare
from core.tuning.proposals import Placed, propose
from core.workbench import Workbench
from testing.scripted_model import ScriptedProvider
from testing.scripted_ollama import ScriptedOllama
from tests.conftest import OpenWorkbench

TINY = "ollama:tiny"
ASKED = GenerationOptions()


# --- what is set ----------------------------------------------------------------------------


def test_a_provider_is_told_in_its_own_words() -> None:
    tuned = Tuned(context_tokens=2048, batch=1024, gpu_layers=20, keep_alive_s=600)
    asked = applied(TINY, ASKED, tuned)
    assert asked.extra == {"num_batch": 1024, "keep_alive": "600s"}
    assert asked.context_tokens == 2048
    assert asked.load == LoadOptions(context_tokens=2048, gpu_layers=20)
    asked = applied("hf:some", ASKED, tuned)
    assert (asked.extra, asked.context_tokens) == ({}, 2048)


def test_what_was_asked_for_wins() -> None:
    wish = GenerationOptions(extra={"num_batch": 64}, load=LoadOptions(context_tokens=512))
    asked = applied(TINY, wish, Tuned(batch=1024, context_tokens=4096))
    assert (asked.extra["num_batch"], asked.load) == (64, wish.load)


@pytest.mark.parametrize(
    "wrong", [{"batch": 1}, {"context_tokens": True}, {"gpu_layers": -1}, {"speed": 3}]
)
def test_impossible_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        Tuned.read(wrong)


# --- the comparison -------------------------------------------------------------------------


def test_it_is_interleaved() -> None:
    order: list[tuple[bool, int]] = []

    def ask(new: bool, number: int) -> float:
        order.append((new, number))
        return 1.0

    compare(ask, pairs=3)
    assert order == [(False, 0), (True, 0), (False, 1), (True, 1), (False, 2), (True, 2)]


@pytest.mark.parametrize(
    ("before", "after", "faster"),
    [
        ((1.0, 1.0, 1.0, 1.0, 1.0), (0.8, 0.8, 0.8, 0.8, 0.8), True),
        ((1.0, 1.0, 1.0, 1.0, 1.0), (0.8, 0.8, 1.1, 0.8, 0.8), False),  # lost once
        ((1.0, 1.0, 1.0, 1.0, 1.0), (0.97, 0.97, 0.97, 0.97, 0.97), False),  # too little
        # A machine that gets slower from answer to answer: only pairs tell.
        ((1.0, 2.0, 3.0, 4.0, 5.0), (0.9, 1.8, 2.7, 3.6, 4.5), True),
        ((1.0, 2.0, 3.0, 4.0, 5.0), (1.1, 2.1, 3.1, 4.1, 5.1), False),
    ],
)
def test_the_rule(before: tuple[float, ...], after: tuple[float, ...], faster: bool) -> None:
    assert Comparison(before, after).faster is faster


# --- proposals ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("habit", "tuned", "expected"),
    [
        (Habit(), Tuned(), []),
        (Habit(answers=3, longest_tokens=300, longest_prompt=300), Tuned(), []),
        (
            Habit(answers=20, longest_tokens=900, longest_prompt=500),
            Tuned(),
            [Tuned(context_tokens=2048)],
        ),
        (Habit(answers=20, longest_tokens=1900, longest_prompt=1500), Tuned(batch=1024), []),
        (Habit(answers=20, longest_tokens=1900, longest_prompt=1500), Tuned(), [Tuned(batch=1024)]),
        (
            Habit(answers=20, longest_tokens=200, longest_prompt=100),
            Tuned(context_tokens=1024),
            [Tuned(batch=256)],
        ),
        (Habit(answers=5, loads=5, load_s=6.0), Tuned(), [Tuned(keep_alive_s=3600)]),
        (Habit(answers=5, loads=5, load_s=0.5), Tuned(), []),
        (Habit(answers=5, loads=5, load_s=6.0), Tuned(keep_alive_s=60), []),
    ],
)
def test_what_is_proposed(habit: Habit, tuned: Tuned, expected: list[Tuned]) -> None:
    found = list(propose(TINY, habit, tuned, context_tokens=4096))
    assert [one.options for one in found] == expected
    for one in found:
        assert one.text("en") != one.text("ja")
        assert "{" not in one.text("en") + one.text("ja")


def test_layers_that_would_fit_on_the_card() -> None:
    placed = Placed(beside_bytes=1_000, card_bytes=3_000, free_bytes=1_200, layers=40)
    (found,) = propose("hf:some", Habit(), Tuned(), 4096, placed)
    assert found.options == Tuned(gpu_layers=36)


# --- the whole way, on a scripted Ollama ----------------------------------------------------


@pytest.fixture
def server() -> Iterator[ScriptedOllama]:
    with ScriptedOllama() as started:
        yield started


@pytest.fixture
def bench(open_workbench: OpenWorkbench, server: ScriptedOllama) -> Workbench:
    ollama: Any = OllamaProvider(server.url)
    return open_workbench(ScriptedProvider(), ollama)


def by_batch(seconds: Mapping[int, float]) -> Callable[[dict[str, Any]], float]:
    return lambda options: seconds[options.get("num_batch", 512)]


def asked(server: ScriptedOllama) -> list[dict[str, Any]]:
    """The options of every answer that the server was asked for."""
    bodies = [one.json for one in server.requests if one.path == "/api/chat"]
    return [body["options"] for body in bodies if body.get("messages")]


def tried(bench: Workbench, tuned: Tuned) -> str:
    job = bench.jobs.wait(bench.tuning.compare(TINY, tuned).id, 60)
    assert job.state is JobState.DONE, job.error
    assert job.result is not None
    return str(job.result["outcome"])


def talk(bench: Workbench) -> None:
    import threading

    prompt, cancel = [PromptMessage("user", "Hello")], threading.Event()
    for _piece in answer(bench.registry, [TINY], lambda *_asked: prompt, ASKED, cancel):
        pass


def test_what_proves_faster_is_kept_used_and_undone(
    bench: Workbench, server: ScriptedOllama
) -> None:
    server.read_s = by_batch({512: 0.1, 1024: 0.03})
    assert tried(bench, Tuned(batch=1024)) == "kept"
    batches = [options.get("num_batch") for options in asked(server)]
    assert batches == [None, 1024] * 5
    talk(bench)
    assert asked(server)[-1]["num_batch"] == 1024
    (record,) = bench.tuning.book.records()
    assert record.gain is not None
    assert record.gain > 0.3
    bench.tuning.undo(TINY)
    talk(bench)
    assert "num_batch" not in asked(server)[-1]
    with pytest.raises(NothingToUndo):
        bench.tuning.undo(TINY)
    kinds = [event.kind for event in bench.telemetry.events()]
    assert {"tuning_kept", "tuning_undone"} <= set(kinds)


def test_what_is_no_faster_changes_nothing(bench: Workbench, server: ScriptedOllama) -> None:
    server.read_s = by_batch({512: 0.03, 256: 0.1})
    assert tried(bench, Tuned(batch=256)) == "dropped"
    talk(bench)
    assert "num_batch" not in asked(server)[-1]
    assert bench.tuning.book.options() == {}


def test_a_shorter_context_is_really_asked_for(bench: Workbench, server: ScriptedOllama) -> None:
    server.read_s = lambda options: options["num_ctx"] / 40_000
    assert tried(bench, Tuned(context_tokens=1024)) == "kept"
    assert [options["num_ctx"] for options in asked(server)] == [4096, 1024] * 5
    talk(bench)
    assert asked(server)[-1]["num_ctx"] == 1024


def test_it_survives_a_restart(
    open_workbench: OpenWorkbench, bench: Workbench, server: ScriptedOllama
) -> None:
    bench.tuning.apply(TINY, Tuned(keep_alive_s=3600))
    bench.close()
    ollama: Any = OllamaProvider(server.url)
    again = open_workbench(ScriptedProvider(), ollama)
    assert again.tuning.book.of(TINY) == Tuned(keep_alive_s=3600)
    talk(again)
    bodies = [one.json for one in server.requests if one.path == "/api/chat"]
    assert bodies[-1]["keep_alive"] == "3600s"


def test_proposals_come_from_use_and_not_twice(bench: Workbench, server: ScriptedOllama) -> None:
    assert bench.tuning.proposals() == []
    for _time in range(12):
        talk(bench)
    wanted = [one.options for one in bench.tuning.proposals()]
    assert wanted == [Tuned(context_tokens=1024), Tuned(batch=256)]
    server.read_s = by_batch({512: 0.02, 256: 0.02})
    assert tried(bench, Tuned(batch=256)) == "dropped"
    assert [one.options for one in bench.tuning.proposals()] == [Tuned(context_tokens=1024)]


def test_a_model_that_is_not_there(bench: Workbench) -> None:
    with pytest.raises(ModelMissing):
        bench.tuning.compare("ollama:nobody", Tuned(batch=1024))
    with pytest.raises(ModelMissing):
        bench.tuning.apply("ollama:nobody", Tuned(batch=1024))
