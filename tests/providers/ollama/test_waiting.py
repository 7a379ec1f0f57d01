"""Every wait is bounded and can be cut, and the server's slot is free afterwards."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from core.errors import (
    FirstTokenTimeout,
    ProviderError,
    ServerAway,
    TokenTimeout,
)
from core.messages import PromptMessage
from core.providers.base import Chunk, GenerationOptions
from core.providers.ollama.provider import OllamaProvider
from testing.scripted_http import Drip, Hang, Head, Pause, Raw, whole
from testing.scripted_ollama import ScriptedOllama, done, stream, token
from tests.providers.conftest import Ask, Stop, text

pytestmark = pytest.mark.usefixtures("nothing_leaks")


# --- away (10) ------------------------------------------------------------------------------


def failing_within(seconds: float, url: str) -> ProviderError:
    provider = OllamaProvider(url)
    began = time.monotonic()
    with pytest.raises(ProviderError) as raised:
        list(provider.stream("ollama:tiny", [], GenerationOptions(), threading.Event()))
    assert time.monotonic() - began < seconds
    provider.close()
    return raised.value


def test_refused_is_told_at_once() -> None:
    error = failing_within(0.5, "http://127.0.0.1:9")
    assert type(error) is ServerAway
    assert "http://127.0.0.1:9" in str(error)


def test_a_name_that_does_not_resolve() -> None:
    assert type(failing_within(2, "http://nobody.invalid:11434")) is ServerAway


def test_a_resolver_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(10) and [])
    assert type(failing_within(2, "http://nobody.example:11434")) is ServerAway
    released.set()


def test_a_machine_that_swallows_connections() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        time.sleep(0.05)
        error = failing_within(2, f"http://127.0.0.1:{full.getsockname()[1]}")
        for one in waiting:
            one.close()
    assert type(error) is ServerAway


# --- silence (11, 12) -----------------------------------------------------------------------


SILENT_BEFORE = {
    "before the head": [Hang()],
    "after the head": [Head(), Hang()],
    "in the head": [Raw(b"HTTP/1.1 200 OK\r\nContent-"), Hang()],
    "head drips": [Drip(b"HTTP/1.1 200 OK\r\n" * 9, 0.05)],
    "line drips": [Head(), Drip(b" " * 99, 0.05)],
    "empty lines": [Head(), *[step for _ in range(99) for step in (token(""), Pause(0.05))]],
}


@pytest.mark.parametrize("where", SILENT_BEFORE)
def test_silence_before_the_first_token(where: str, server: ScriptedOllama, ask: Ask) -> None:
    server.on("/api/chat", SILENT_BEFORE[where])
    began = time.monotonic()
    with pytest.raises(FirstTokenTimeout) as raised:
        list(ask(first_token_s=0.25, between_tokens_s=9))
    assert 0.2 < time.monotonic() - began < 2
    assert raised.value.params["seconds"] == "0.25"
    assert server.to("/api/chat")[0].gone.wait(1)  # the slot is free


SILENT_BETWEEN = {
    "nothing": [Hang()],
    "half a line": [Raw(b'99\r\n{"message": {"con'), Hang()],
    "bytes drip": [Drip(b" " * 99, 0.05)],
    "empty lines": [step for _ in range(99) for step in (token(""), Pause(0.05))],
}


@pytest.mark.parametrize("where", SILENT_BETWEEN)
def test_silence_between_tokens(where: str, server: ScriptedOllama, ask: Ask) -> None:
    server.on("/api/chat", stream(token("Good "), token("mor"), *SILENT_BETWEEN[where]))
    came: list[Chunk] = []
    began = time.monotonic()
    with pytest.raises(TokenTimeout):
        came.extend(ask(first_token_s=9, between_tokens_s=0.25))
    assert 0.2 < time.monotonic() - began < 2
    assert text(iter(came)) == "Good mor"
    assert server.to("/api/chat")[0].gone.wait(1)


def test_slow_but_steady_is_no_alarm(server: ScriptedOllama, ask: Ask) -> None:
    """One token every 5 s at limits of 30 s, in a hundredth of the time."""
    steps = [step for n in range(12) for step in (Pause(0.05), token(f"{n} "))]
    server.on("/api/chat", stream(*steps, done()))
    assert text(ask(first_token_s=0.3, between_tokens_s=0.3)).split() == [str(n) for n in range(12)]


def test_a_slow_reader_is_no_alarm(server: ScriptedOllama, ask: Ask) -> None:
    server.on("/api/chat", stream(token("a"), Pause(0.05), token("b"), Pause(0.05), done()))
    came = ""
    for chunk in ask(between_tokens_s=0.2):
        time.sleep(0.3)
        came += chunk.text
    assert came == "ab"


def test_thinking_aloud_is_no_silence(server: ScriptedOllama, ask: Ask) -> None:
    thoughts = [step for _ in range(8) for step in (Pause(0.1), token("", thinking="hm "))]
    server.on("/api/chat", stream(*thoughts, token("Yes."), done()))
    chunks = list(ask("ollama:tiny-think", reasoning=True, first_token_s=0.3, between_tokens_s=0.3))
    assert text(iter(chunks)) == "Yes."
    assert "".join(chunk.reasoning for chunk in chunks) == "hm " * 8


# --- stop -----------------------------------------------------------------------------------


CANCELLED_WHILE = {
    "loading": [Hang()],
    "between tokens": stream(token("a"), Hang()),
    "half a line": [Head(), Raw(b"5\r\n{"), Hang()],
    "tokens flow": stream(*[step for _ in range(999) for step in (token("a"), Pause(0.01))]),
    "asked to come back": whole(503, b"", {"Retry-After": "60"}),
}


@pytest.mark.parametrize("what", CANCELLED_WHILE)
def test_stop_is_noticed(what: str, server: ScriptedOllama, ask: Ask) -> None:
    server.on("/api/chat", CANCELLED_WHILE[what])
    stop = Stop(0.2)
    chunks = list(ask("ollama:tiny", stop, first_token_s=100, retries=2))
    assert 0 <= time.monotonic() - stop.at < 0.3
    assert not any(chunk.done_reason for chunk in chunks)
    if what != "asked to come back":
        assert server.to("/api/chat")[-1].gone.wait(1)


def test_stopped_before_it_began(server: ScriptedOllama, ask: Ask) -> None:
    cancel = threading.Event()
    cancel.set()
    assert list(ask("ollama:tiny", cancel)) == []
    assert server.to("/api/chat") == []


def test_closing_the_provider_ends_answers(
    server: ScriptedOllama, provider: OllamaProvider
) -> None:
    server.on("/api/chat", stream(token("a"), Hang()))
    prompt = [PromptMessage("user", "hi")]
    answer = provider.stream("ollama:tiny", prompt, GenerationOptions(), threading.Event())
    next(answer)
    provider.close()
    began = time.monotonic()
    assert list(answer) == []
    assert time.monotonic() - began < 0.5
