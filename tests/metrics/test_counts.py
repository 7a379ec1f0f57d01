"""What is counted of answers: once each, under names of which there are only so many."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest

from core.errors import ModelMissing, ProviderError, ServerAway, ServerFault
from core.messages import PromptMessage, Usage
from core.metrics import Counts, Price
from core.metrics.labels import MOST, OTHER
from core.metrics.speeds import ENOUGH, Speeds
from core.providers.base import Chunk, GenerationOptions
from core.providers.breaker import BreakerRules, Breakers
from core.providers.chain import answer
from core.providers.registry import Registry
from testing.scripted_model import Script, ScriptedProvider

PROMPT = [PromptMessage("user", "Hello")]
PAID = Usage(prompt_tokens=1_000, completion_tokens=100, cached_tokens=400)


def numbers(counts: Counts) -> Mapping[str, float]:
    """Every sample as `name{labels}`."""
    found = {}
    for family in counts.collect():
        for sample in family.samples:
            labels = ",".join(sample.labels.values())
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def registry(scripts: Mapping[str, Script], **given: object) -> Registry:
    starter = ScriptedProvider({"starter": Script()})
    other = ScriptedProvider(scripts, name="ollama")
    made = Registry([starter, other], Breakers(BreakerRules(failures=2)), **given)  # type: ignore[arg-type]
    made.models()
    return made


def ask(registry: Registry, ref: str, cancel: threading.Event | None = None) -> None:
    options, chosen = GenerationOptions(), cancel or threading.Event()
    for _piece in answer(registry, [ref], lambda _ref, _tokens: PROMPT, options, chosen):
        pass


def test_a_whole_answer() -> None:
    made = registry({"ollama:tiny": Script(["One", " two"])})
    ask(made, "ollama:tiny")
    found = numbers(made.counts)
    assert found["engawa_generations_total{ollama:tiny,complete}"] == 1
    assert found["engawa_routes_total{ollama:tiny,wanted}"] == 1
    assert found["engawa_prompt_tokens_total{ollama:tiny}"] == 1
    assert found["engawa_completion_tokens_total{ollama:tiny}"] == 2
    assert found["engawa_first_token_seconds_count{ollama:tiny}"] == 1
    assert found["engawa_answer_seconds_count{ollama:tiny}"] == 1
    assert not [name for name in found if "errors" in name or "starter" in name]


def test_a_failure_and_who_stepped_in() -> None:
    error = ServerFault(model="ollama:big", detail="no room")
    made = registry({"ollama:big": Script(error=error)})
    ask(made, "ollama:big")
    found = numbers(made.counts)
    assert found["engawa_generations_total{ollama:big,failed}"] == 1
    assert found["engawa_errors_total{ollama:big,server_fault}"] == 1
    assert found["engawa_routes_total{starter,fallback}"] == 1
    assert "engawa_first_token_seconds_count{ollama:big}" not in found


def test_a_failure_in_the_middle_is_one_failure() -> None:
    error = ServerAway(model="ollama:tiny", server="x")
    made = registry({"ollama:tiny": Script(["One", " two"], error=error, fail_after=1)})
    with pytest.raises(ProviderError):
        ask(made, "ollama:tiny")
    found = numbers(made.counts)
    assert found["engawa_errors_total{ollama:tiny,server_away}"] == 1
    assert found["engawa_generations_total{ollama:tiny,failed}"] == 1
    assert found["engawa_first_token_seconds_count{ollama:tiny}"] == 1
    assert "engawa_answer_seconds_count{ollama:tiny}" not in found


def test_an_answer_that_was_stopped() -> None:
    made, cancel = registry({"ollama:tiny": Script(["One", " two"])}), threading.Event()
    pieces = answer(
        made, ["ollama:tiny"], lambda _ref, _tokens: PROMPT, GenerationOptions(), cancel
    )
    for piece in pieces:
        if isinstance(piece, Chunk):
            cancel.set()
    assert numbers(made.counts)["engawa_generations_total{ollama:tiny,stopped}"] == 1


def test_a_server_that_is_left_alone_is_told() -> None:
    made = registry({"ollama:tiny": Script(error=ServerAway(model="ollama:tiny", server="x"))})
    for _number in range(3):
        ask(made, "ollama:tiny")
    found = numbers(made.counts)
    assert found["engawa_errors_total{ollama:tiny,circuit_open}"] == 1
    assert [state.opened for state in made.circuits()] == [1]


def test_what_a_paid_model_costs() -> None:
    said = Script([Chunk(text="Yes"), Chunk(usage=PAID, done_reason="stop")])
    prices = {"ollama:paid": Price(prompt=10, completion=50, cached=1)}
    made = registry({"ollama:paid": said}, prices=prices)
    ask(made, "ollama:paid")
    found = numbers(made.counts)
    dollars = (600 * 10 + 400 * 1 + 100 * 50) / 1e6
    assert found["engawa_cost_dollars_total{ollama:paid}"] == pytest.approx(dollars)
    assert found["engawa_prompt_cached_tokens_total{ollama:paid}"] == 400
    assert found["engawa_prompt_cache_lookups_total{ollama:paid,hit}"] == 1


def test_names_that_nobody_has_are_one_series() -> None:
    made = registry({"ollama:tiny": Script()})
    for number in range(50):
        made.counts.failed(f"ollama:typo{number}", ModelMissing.code)
    names = [name for name in numbers(made.counts) if name.startswith("engawa_errors_total")]
    assert names == [f"engawa_errors_total{{{OTHER},model_missing}}"]


def test_there_are_only_so_many_names() -> None:
    counts = Counts()
    for number in range(3 * MOST):
        counts.chosen(f"ollama:{number}", "wanted")
    found = numbers(counts)
    names = [name for name in found if name.startswith("engawa_routes_total")]
    assert len(names) == MOST + 1
    assert found[f"engawa_routes_total{{{OTHER},wanted}}"] == 2 * MOST


def test_nothing_is_lost_between_threads() -> None:
    made = registry({"ollama:tiny": Script(["One", " two"])})
    threads = [
        threading.Thread(target=lambda: [ask(made, "ollama:tiny") for _n in range(50)])
        for _thread in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = numbers(made.counts)
    assert found["engawa_generations_total{ollama:tiny,complete}"] == 400
    assert found["engawa_completion_tokens_total{ollama:tiny}"] == 800
    assert found["engawa_first_token_seconds_count{ollama:tiny}"] == 400


def test_a_model_is_compared_with_itself() -> None:
    speeds = Speeds()
    for _number in range(ENOUGH - 1):
        speeds.add("ollama:tiny", 40.0)
    assert speeds.all() == {}
    for _number in range(3):
        speeds.add("ollama:tiny", 10.0)
    found = speeds.all()["ollama:tiny"]
    assert (found.lately, found.usual, found.share) == (10, 40, 0.25)
