"""When a server is left alone, for how long, and who may try it again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from core.errors import (
    CircuitOpen,
    FirstTokenTimeout,
    ModelMissing,
    OutOfMemory,
    PromptTooLong,
    ProviderError,
    RunnerGone,
    ServerAway,
    ServerBusy,
    ServerFault,
    StreamBroken,
    TokenTimeout,
    WorkbenchError,
    explain,
)
from core.messages import PromptMessage
from core.providers.base import Chunk, GenerationOptions, ModelInfo, ProviderState
from core.providers.breaker import Breaker, BreakerRules, Breakers, Circuit, Server
from core.providers.chain import Chosen, answer
from core.providers.ollama.provider import OllamaProvider
from core.providers.registry import Registry
from testing.scripted_http import whole
from testing.scripted_ollama import ScriptedOllama

RULES = BreakerRules(failures=3, window_s=100, pause_s=10, longest_pause_s=60)
DONE = Chunk(done_reason="stop")
AWAY = ServerAway(model="box:a", server="s")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(Server("box"), RULES, clock, jitter=lambda low, high: 1.0)


def fail(breaker: Breaker, error: WorkbenchError = AWAY, *, heard: bool = False) -> None:
    def ask() -> None:
        with breaker.attempt("box:a") as attempt:
            if heard:
                attempt.heard()
            raise error

    with pytest.raises(type(error)):
        ask()


def succeed(breaker: Breaker) -> None:
    with breaker.attempt("box:a") as attempt:
        attempt.completed()


def opened(breaker: Breaker) -> Breaker:
    for _ in range(3):
        fail(breaker)
    return breaker


SERVERS = [
    AWAY,
    FirstTokenTimeout(model="m", seconds=1),
    TokenTimeout(model="m", seconds=1),
    ServerBusy(model="m"),
    ServerFault(model="m", detail="d"),
    RunnerGone(model="m", detail="d"),
    StreamBroken(model="m", detail="d"),
]
USERS = [
    ModelMissing(model="m"),
    PromptTooLong(model="m", found=9, limit=1),
    OutOfMemory(model="m", detail="d"),
]


@pytest.mark.parametrize("error", SERVERS, ids=lambda error: error.code)
def test_what_is_the_servers_opens_the_circuit(breaker: Breaker, error: WorkbenchError) -> None:
    fail(breaker, error)
    fail(breaker, error)
    assert breaker.state().circuit is Circuit.CLOSED
    fail(breaker, error)
    state = breaker.state()
    assert (state.circuit, state.failures, state.retry_in_s) == (Circuit.OPEN, 3, 10)
    assert state.cause == error.code


@pytest.mark.parametrize("error", USERS, ids=lambda error: error.code)
def test_what_is_the_users_does_not(breaker: Breaker, error: WorkbenchError) -> None:
    for _ in range(20):
        fail(breaker, error)
    assert breaker.state().circuit is Circuit.CLOSED


def test_while_open_nobody_is_let_through_and_is_told_until_when(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    clock.now += 3.5
    with pytest.raises(CircuitOpen) as refused, breaker.attempt("box:a"):
        raise AssertionError("it was asked")
    assert refused.value.params["seconds"] == 7
    assert breaker.state().failures == 3


def test_failures_that_are_long_ago_do_not_count(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    fail(breaker)
    clock.now += 101
    fail(breaker)
    assert (breaker.state().circuit, breaker.state().failures) == (Circuit.CLOSED, 1)


def test_a_success_in_between_starts_the_count_anew(breaker: Breaker) -> None:
    fail(breaker)
    fail(breaker)
    succeed(breaker)
    fail(breaker)
    fail(breaker)
    assert breaker.state().circuit is Circuit.CLOSED


def test_after_the_pause_one_may_try_and_its_success_closes(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 10
    with breaker.attempt("box:a") as trying:
        assert trying.probe
        assert trying.options(GenerationOptions(retries=2)).retries == 0
        with pytest.raises(CircuitOpen), breaker.attempt("box:b"):
            raise AssertionError("two at once")
        trying.heard()
        with breaker.attempt("box:b") as other:
            assert not other.probe
            assert other.options(GenerationOptions(retries=2)).retries == 2
        trying.completed()
    state = breaker.state()
    assert (state.circuit, state.failures, state.cause) == (Circuit.CLOSED, 0, None)


def test_each_failed_try_doubles_the_pause_up_to_the_longest(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    pauses = []
    for _ in range(5):
        pause = breaker.state().retry_in_s
        assert pause is not None
        pauses.append(pause)
        clock.now += pause
        fail(breaker)
    assert pauses == [10, 20, 40, 60, 60]


def test_a_whole_answer_makes_the_next_pause_short_again(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 10
    fail(breaker)
    clock.now += 20
    succeed(breaker)
    assert opened(breaker).state().retry_in_s == 10


def test_a_server_that_breaks_off_every_answer_is_left_alone_longer_and_longer(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    for pause in (20, 40):
        clock.now += 40
        fail(breaker, StreamBroken(model="box:a", detail="cut"), heard=True)
        assert breaker.state().retry_in_s == pause


def test_pauses_are_spread(clock: Clock) -> None:
    pauses = {opened(Breaker(Server("box"), RULES, clock)).state().retry_in_s for _ in range(20)}
    assert len(pauses) > 10
    assert all(pause is not None and 7.5 <= pause <= 12.5 for pause in pauses)


def test_a_try_that_was_stopped_leaves_the_next_one_to_try(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 10
    with breaker.attempt("box:a"):
        pass  # stopped before the server said anything
    assert breaker.state().circuit is Circuit.HALF_OPEN
    succeed(breaker)
    assert breaker.state().circuit is Circuit.CLOSED


def test_a_try_that_finds_the_model_missing_has_found_the_server(
    breaker: Breaker, clock: Clock
) -> None:
    opened(breaker)
    clock.now += 10
    fail(breaker, ModelMissing(model="box:a"))
    assert breaker.state().circuit is Circuit.CLOSED


def test_failures_that_come_late_do_not_prolong_the_pause(breaker: Breaker, clock: Clock) -> None:
    before = [breaker.attempt("box:a") for _ in range(5)]
    for attempt in before:
        attempt.__enter__()
    for attempt in before:
        with pytest.raises(ServerAway):
            attempt.gen.throw(AWAY)
    assert breaker.state().retry_in_s == 10
    assert breaker.state().failures == 3


def test_asked_to_look_again_the_next_answer_tries(breaker: Breaker) -> None:
    opened(breaker).try_again()
    assert breaker.state().circuit is Circuit.HALF_OPEN
    succeed(breaker)
    assert breaker.state().circuit is Circuit.CLOSED


def test_none_failures_is_never(clock: Clock) -> None:
    breaker = Breaker(Server("box"), BreakerRules(failures=0), clock)
    for _ in range(50):
        fail(breaker)
    assert breaker.state().circuit is Circuit.CLOSED


def test_of_fifty_at_once_one_tries(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 10
    together, leave = threading.Barrier(50), threading.Event()
    probes: list[bool] = []

    def ask() -> None:
        together.wait()
        try:
            with breaker.attempt("box:a") as attempt:
                probes.append(attempt.probe)
                leave.wait(10)
        except CircuitOpen:
            probes.append(False)
            if len(probes) == 50:
                leave.set()

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(probes), probes.count(True)) == (50, 1)


# --- in the chain ---------------------------------------------------------------------------------


class Box:
    """A provider with a server of its own, which says what it is told, per model."""

    name = "box"

    def __init__(self, says: Callable[[str], Sequence[Chunk | Exception]]) -> None:
        self.says = says
        self.asked: list[tuple[str, int]] = []

    def models(self) -> list[ModelInfo]:
        return []

    def info(self, ref: str) -> ModelInfo:
        raise ModelMissing(model=ref)

    def stream(
        self, ref: str, messages: Any, options: GenerationOptions, cancel: Any
    ) -> Iterator[Chunk]:
        self.asked.append((ref, options.retries))
        for piece in self.says(ref):
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def state(self) -> ProviderState:
        return ProviderState(self.name, True, "http://box")

    def host(self, ref: str) -> str | None:
        return "far.example" if ref.endswith("-cloud") else None

    def warm(self, ref: str) -> None: ...

    def close(self) -> None: ...


class Starter(Box):
    name = "starter"


def ask(registry: Registry, *chain: str, cancel: threading.Event | None = None) -> list[Any]:
    stopping = cancel or threading.Event()
    prompt = [PromptMessage("user", "hi")]
    return list(
        answer(registry, chain, lambda _ref, _tokens: prompt, GenerationOptions(), stopping)
    )


def speaks(_ref: str) -> Sequence[Chunk | Exception]:
    return [Chunk("yes"), DONE]


def is_away(_ref: str) -> Sequence[Chunk | Exception]:
    return [AWAY]


def world(clock: Clock, box: Box) -> Registry:
    return Registry([box, Starter(speaks)], Breakers(RULES, clock=clock))


def test_the_chain_goes_on_at_once_and_says_why(clock: Clock) -> None:
    box = Box(is_away)
    registry = world(clock, box)
    for _ in range(3):
        assert ask(registry, "box:a")[0].reason.params["cause"]["code"] == "server_away"
    chosen = ask(registry, "box:a")[0]
    assert len(box.asked) == 3
    assert (chosen.ref, chosen.reason.params["cause"]["code"]) == ("starter", "circuit_open")
    assert "it is tried again in" in explain(chosen.reason, "en")
    assert [state.circuit for state in registry.circuits()] == [Circuit.OPEN]


def test_a_server_that_is_back_answers_after_the_pause(clock: Clock) -> None:
    box = Box(is_away)
    registry = world(clock, box)
    for _ in range(3):
        ask(registry, "box:a")
    box.says = speaks
    clock.now += 13
    assert ask(registry, "box:a") == [Chosen("box:a"), Chunk("yes"), DONE]
    assert [retries for _ref, retries in box.asked] == [2, 2, 2, 0]
    assert registry.circuits()[0].circuit is Circuit.CLOSED


def test_looking_again_asks_a_server_that_is_left_alone(clock: Clock) -> None:
    box = Box(is_away)
    registry = world(clock, box)
    for _ in range(3):
        ask(registry, "box:a")
    box.says = speaks
    registry.forget()
    assert ask(registry, "box:a")[0] == Chosen("box:a")


def test_another_machine_of_the_same_provider_is_another_circuit(clock: Clock) -> None:
    box = Box(lambda ref: [AWAY] if ref.endswith("-cloud") else [Chunk("yes"), DONE])
    registry = world(clock, box)
    for _ in range(4):
        ask(registry, "box:big-cloud")
    assert len(box.asked) == 3
    assert ask(registry, "box:a")[0] == Chosen("box:a")
    assert {state.server.host: state.circuit for state in registry.circuits()} == {
        "far.example": Circuit.OPEN,
        None: Circuit.CLOSED,
    }


def test_answers_that_break_off_in_the_middle_count(clock: Clock) -> None:
    box = Box(lambda _ref: [Chunk("hel")])
    registry = world(clock, box)
    for _ in range(3):
        with pytest.raises(StreamBroken):
            ask(registry, "box:a")
    assert ask(registry, "box:a")[0].ref == "starter"


def test_a_stopped_answer_counts_neither_way(clock: Clock) -> None:
    box = Box(lambda _ref: [Chunk("hel")])
    registry, cancel = world(clock, box), threading.Event()
    cancel.set()
    for _ in range(5):
        ask(registry, "box:a", cancel=cancel)
    assert (len(box.asked), registry.circuits()[0].failures) == (5, 0)


def test_the_starter_is_always_asked(clock: Clock) -> None:
    broken = Starter(lambda _ref: [RunnerGone(model="starter", detail="killed")])
    registry = Registry([broken], Breakers(RULES, clock=clock))
    for _ in range(10):
        with pytest.raises(ProviderError) as raised:
            ask(registry, "starter")
        assert raised.value.code == "runner_gone"
    assert len(broken.asked) == 10


def test_repeats_of_a_busy_server_are_one_failure_and_a_trying_answer_has_none(
    clock: Clock, server: ScriptedOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three answers with two repeats each, then one that tries: ten requests, not more."""
    monkeypatch.setattr("core.providers.guard.backoff_s", lambda attempt, after_s: 0.02)
    server.on("/api/chat", whole(503, b""))
    provider = OllamaProvider(server.url)
    registry = Registry([provider, Starter(speaks)], Breakers(RULES, clock=clock))
    try:
        for _ in range(5):
            ask(registry, "ollama:tiny")
        assert len(server.to("/api/chat")) == 9
        clock.now += 13
        for _ in range(3):
            ask(registry, "ollama:tiny")
        assert len(server.to("/api/chat")) == 10
    finally:
        provider.close()
