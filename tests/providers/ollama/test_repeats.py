"""Busy, failing and restarted servers: bounded repeats, plain words, nothing left open."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from core.errors import (
    ModelMissing,
    OutOfMemory,
    ProviderError,
    RunnerGone,
    ServerAway,
    ServerBusy,
    ServerFault,
    StreamBroken,
)
from core.providers.faults import retry_after_s
from core.providers.watch import backoff_s
from testing.scripted_http import Hang, Reset, whole
from testing.scripted_ollama import ScriptedOllama, done, line, stream, token
from tests.providers.conftest import Ask, Stop, text

pytestmark = pytest.mark.usefixtures("nothing_leaks")


# --- busy and failing servers (16) ----------------------------------------------------------


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses between repeats; how long they really are is another test's matter."""
    monkeypatch.setattr("core.providers.guard.backoff_s", lambda attempt, after_s: 0.02)


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_passing_failure_is_tried_again(status: int, server: ScriptedOllama, ask: Ask) -> None:
    failure = whole(status, b'{"error": "wait"}')
    server.on("/api/chat", failure, failure, stream(token("here"), done()))
    assert text(ask(retries=2)) == "here"
    assert len(server.to("/api/chat")) == 3


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize(
    ("status", "error"),
    [(429, ServerBusy), (500, ServerFault), (502, ServerFault), (503, ServerBusy)],
)
def test_repeats_are_bounded(
    status: int, error: type[ProviderError], server: ScriptedOllama, ask: Ask
) -> None:
    server.on("/api/chat", whole(status, b"<html>gateway</html>"))
    with pytest.raises(error):
        list(ask(retries=1))
    assert len(server.to("/api/chat")) == 2


LASTING = {
    "memory": (500, b'{"error": "llama runner: cudaMalloc failed: out of memory"}', OutOfMemory),
    "missing": (404, b'{"error": "model \'x\' not found"}', ModelMissing),
    "sign in": (401, b'{"error": "unauthorized"}', ServerFault),
    "gateway time-out": (504, b"", ServerFault),
}


@pytest.mark.parametrize("what", LASTING)
def test_a_lasting_failure_is_not_repeated(what: str, server: ScriptedOllama, ask: Ask) -> None:
    status, body, error = LASTING[what]
    server.on("/api/chat", whole(status, body))
    with pytest.raises(error):
        list(ask(retries=2))
    assert len(server.to("/api/chat")) == 1


def test_retry_after_is_kept(server: ScriptedOllama, ask: Ask) -> None:
    busy = whole(503, b"", {"Retry-After": "0.45"})
    server.on("/api/chat", busy, stream(token("here"), done()))
    began = time.monotonic()
    assert text(ask(retries=1)) == "here"
    assert time.monotonic() - began >= 0.45


def test_a_retry_after_beyond_the_limit_is_not_waited_for(server: ScriptedOllama, ask: Ask) -> None:
    server.on("/api/chat", whole(429, b"", {"Retry-After": "3600"}))
    began = time.monotonic()
    with pytest.raises(ServerBusy):
        list(ask(retries=5, first_token_s=20))
    assert time.monotonic() - began < 1


def test_nothing_is_repeated_after_the_first_token(server: ScriptedOllama, ask: Ask) -> None:
    for failure in ([Reset()], [line({"error": "server busy, please try again"})], []):
        server.on("/api/chat", stream(token("a"), *failure, ended=False))
        before = len(server.to("/api/chat"))
        with pytest.raises(ProviderError):
            list(ask(retries=5))
        assert len(server.to("/api/chat")) == before + 1


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("steps", [[], [Reset()]])
def test_a_connection_dropped_before_the_answer_is_tried_again(
    steps: list[Reset], server: ScriptedOllama, ask: Ask
) -> None:
    server.on("/api/chat", steps, stream(token("here"), done()))
    assert text(ask(retries=1)) == "here"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("-1", 0),
        ("Sat, 21 Nov 2020 00:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("inf", None),
        ("nan", None),
        ("9" * 400, None),
    ],
)
def test_retry_after_in_every_form(value: str, seconds: float | None) -> None:
    assert retry_after_s(value) == seconds


def test_the_pauses_grow_and_differ() -> None:
    pauses = [[backoff_s(attempt) for _ in range(50)] for attempt in range(4)]
    for attempt, some in enumerate(pauses):
        assert all(0.125 * 2**attempt <= pause <= 0.375 * 2**attempt for pause in some)
        assert len(set(some)) > 40
    assert all(2 <= backoff_s(0, 2.0) <= 2.1 for _ in range(50))


# --- what is said (17), and afterwards (18) -------------------------------------------------


def test_three_failures_have_three_messages_and_hints(server: ScriptedOllama, ask: Ask) -> None:
    told = set()
    for text_, error in (
        ("model 'tiny' not found", ModelMissing),
        ("model requires more system memory (9.0 GiB) than is available (5.1 GiB)", OutOfMemory),
        ("an error was encountered while running the model: unexpected EOF", RunnerGone),
    ):
        server.on("/api/chat", stream(line({"error": text_})))
        with pytest.raises(error) as raised:
            list(ask())
        told |= {raised.value.message(), raised.value.hint()}
    assert len(told) == 6


def test_a_restarted_server_is_used_again(server: ScriptedOllama, ask: Ask) -> None:
    server.on("/api/chat", stream(token("a"), Hang()))
    answer = ask()
    assert next(answer).text == "a"
    server.stop()
    with pytest.raises(StreamBroken):
        list(answer)
    with pytest.raises(ServerAway):
        list(ask())
    server.heal()
    server.start()
    assert text(ask())


@pytest.mark.slow
def test_a_hundred_failures_leave_nothing_open(server: ScriptedOllama, ask: Ask) -> None:
    leaves_nothing_open(server, ask, 100)


def test_failures_leave_nothing_open(server: ScriptedOllama, ask: Ask) -> None:
    leaves_nothing_open(server, ask, 2)


def leaves_nothing_open(server: ScriptedOllama, ask: Ask, rounds: int) -> None:
    failures = ([Hang()], stream(token("a"), Hang()), [Reset()], stream(token("a"), ended=False))
    warm = []
    for _ in range(2):  # a thread that stays may begin with the second
        one_round(server, ask, failures)
        warm.append(handles_and_threads(server))
    handles, threads = map(max, zip(*warm, strict=True))
    for _ in range(rounds):
        one_round(server, ask, failures)
    after, until = handles_and_threads(server), time.monotonic() + 10
    while (after[0] > handles or after[1] > threads) and time.monotonic() < until:
        after = handles_and_threads(server)  # a busy machine ends threads later
    assert after[0] <= handles
    assert after[1] <= threads


def one_round(server: ScriptedOllama, ask: Ask, failures: tuple[list[object], ...]) -> None:
    for failure in failures:
        server.on("/api/chat", failure)  # type: ignore[arg-type]
        with pytest.raises(ProviderError):
            list(ask(first_token_s=0.05, between_tokens_s=0.05))
        with suppress(ProviderError):
            list(ask(cancel=Stop(0.02)))
    server.heal()
    closed = ask()
    next(closed)
    closed.close()  # type: ignore[attr-defined]


def handles_and_threads(server: ScriptedOllama) -> tuple[int, int]:
    settled: Callable[[], bool] = lambda: all(r.done.is_set() for r in server.requests)  # noqa: E731
    until = time.monotonic() + 3
    while not settled() and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.1)
    gc.collect()
    return len(os.listdir("/proc/self/fd")), threading.active_count()
