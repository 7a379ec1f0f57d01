"""Whatever comes over the wire is the exact answer or one of our errors: FAULTS 10 to 18, 20."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from core.errors import (
    AnswerEmpty,
    FirstTokenTimeout,
    KeyRefused,
    ModelMissing,
    ModelRefused,
    OutOfMemory,
    ProviderError,
    ServerAway,
    ServerBusy,
    ServerFault,
    StreamBroken,
    TokenTimeout,
)
from core.messages import Usage
from core.providers.openai.events import events as cut
from testing.scripted_http import Body, Drip, End, Hang, Head, Pause, Raw, Reset
from testing.scripted_openai import (
    CHAT,
    DONE,
    STREAM,
    ScriptedOpenAI,
    answered,
    delta,
    error,
    event,
    events,
    finish,
    usage,
)
from tests.providers.conftest import text
from tests.providers.openai.world import ask, provided

SAID = "Grüße, 茶 🍵 and\u0085rain"
WHOLE = b"".join(
    step.data for step in (delta(SAID[:4]), delta(SAID[4:]), finish(), usage(7, 2), DONE)
)


@pytest.fixture
def server() -> Iterator[ScriptedOpenAI]:
    with ScriptedOpenAI() as started:
        yield started


def answer(server: ScriptedOpenAI, **options: Any) -> tuple[str, str | None, Usage | None]:
    with provided(server) as provider:
        chunks = list(ask(provider, **options))
    return text(chunks), chunks[-1].done_reason, chunks[-1].usage


def failure(server: ScriptedOpenAI, **options: Any) -> tuple[ProviderError, str]:
    came = []
    with provided(server) as provider, pytest.raises(ProviderError) as raised:
        came.extend(ask(provider, **options))
    assert [chunk for chunk in came if chunk.done_reason] == []
    return raised.value, text(came)


def test_split_anywhere(server: ScriptedOpenAI) -> None:
    for place in range(1, len(WHOLE)):
        pieces = [WHOLE[:place], WHOLE[place:]]
        assert [str(one) for one in cut(pieces, "m")] == [str(one) for one in cut([WHOLE], "m")]
    server.on(CHAT, events(*(Body(WHOLE[at : at + 1]) for at in range(len(WHOLE)))))
    assert answer(server) == (SAID, "stop", Usage(7, 2))


@pytest.mark.parametrize(
    "stream",
    [
        WHOLE.replace(b"\n", b"\r\n"),
        b": comment\n\nevent: ping\nid: 3\nretry: 5\n\n" + WHOLE,
        WHOLE.replace(b"data: ", b"data:"),
        WHOLE[: -len(DONE.data)],
        WHOLE[: WHOLE.index(b'"usage"') - 20] + b"junk",
    ],
)
def test_the_same_said_in_another_way(server: ScriptedOpenAI, stream: bytes) -> None:
    server.on(CHAT, events(Body(stream)))
    assert answer(server)[:2] == (SAID, "stop")


def test_cut_at_every_byte_it_is_complete_only_when_the_server_said_so(
    server: ScriptedOpenAI,
) -> None:
    end = WHOLE.index(b'"finish_reason"')
    ended = WHOLE.index(b"\n\n", end) + 2
    with provided(server) as provider:
        for place in range(len(WHOLE)):
            server.on(CHAT, events(Body(WHOLE[:place]), Reset(), ended=False))
            came = []
            try:
                came.extend(ask(provider))
                broken = False
            except ProviderError:
                broken = True
            assert SAID.startswith(text(came))
            assert broken is (place < ended), place
            assert any(chunk.done_reason for chunk in came) is not broken


JUNK = [
    (Body(b"data: nonsense\n\n"), "not JSON"),
    (Body(b"data: [1]\n\n"), "unknown shape"),
    (Body(b"data: \xff\xfe\n\n"), "not JSON"),
    (Body(b"data: " + b"[" * 100_000 + b"\n\n"), "not JSON"),
    (Body(b"data: " + b"x" * (2 << 20) + b"\n\n"), "too long"),
    (Body(b"data: x\n" * 800_000), "too long"),
    (event({"choices": "x"}), "unknown shape"),
    (event({"choices": [1]}), "unknown shape"),
    (event({"choices": [{"delta": [1]}]}), "unknown shape"),
    (event({"choices": [{"delta": {"content": 3}}]}), "unknown shape"),
    (Body(b'data: {"choices":[{"delta":{"content":"\\ud83c"}}]}\n\n'), "not text"),
    (event({"choices": [{"delta": {"tool_calls": [3]}}]}), "tool call"),
]


@pytest.mark.parametrize(("junk", "words"), JUNK)
def test_junk_is_no_answer(server: ScriptedOpenAI, junk: Body, words: str) -> None:
    server.on(CHAT, events(delta("Hel"), junk, delta("lo"), finish(), DONE))
    fault, came = failure(server)
    assert isinstance(fault, StreamBroken)
    assert words in str(fault)
    assert came == "Hel"


@pytest.mark.parametrize("arguments", ['{"a": ', "[1]", "3", '"x"'])
def test_a_tool_call_that_is_not_whole(server: ScriptedOpenAI, arguments: str) -> None:
    call = {"index": 0, "id": "c", "function": {"name": "look", "arguments": arguments}}
    server.on(CHAT, events(delta(None, tool_calls=[call]), finish("tool_calls"), DONE))
    assert isinstance(failure(server)[0], StreamBroken)


def test_a_server_that_answers_whole(server: ScriptedOpenAI) -> None:
    message = {"role": "assistant", "content": SAID}
    body = {"choices": [{"message": message, "finish_reason": "length"}]}
    server.on(CHAT, answered(200, body | {"usage": {"prompt_tokens": 1, "completion_tokens": 2}}))
    assert answer(server) == (SAID, "length", Usage(1, 2))


LATE = [
    ({"message": "CUDA out of memory"}, OutOfMemory),
    ({"message": "something"}, ServerFault),
    ("plain words", ServerFault),
    ({"code": 3}, ServerFault),
    ([1], ServerFault),
]


@pytest.mark.parametrize(("said", "kind"), LATE)
def test_an_error_after_200(
    server: ScriptedOpenAI, said: object, kind: type[ProviderError]
) -> None:
    server.on(CHAT, events(delta("Hel"), event({"error": said}), DONE))
    fault, came = failure(server)
    assert (type(fault), came) == (kind, "Hel")


def test_a_content_filter_says_so(server: ScriptedOpenAI) -> None:
    server.on(CHAT, events(delta("Hel"), finish("content_filter"), DONE))
    fault, _came = failure(server)
    assert isinstance(fault, ModelRefused)
    assert "content filter" in str(fault)


def test_thoughts_alone_are_no_answer(server: ScriptedOpenAI) -> None:
    server.on(CHAT, events(delta(None, reasoning_content="Hm."), finish("length"), DONE))
    assert isinstance(failure(server)[0], AnswerEmpty)


STATUSES = [
    (400, "maximum context length is 4096", None, ModelRefused),
    (401, "no", None, KeyRefused),
    (403, "no", None, KeyRefused),
    (404, "The model `x` does not exist", None, ModelMissing),
    (404, "Not Found", None, ServerFault),
    (413, "too large", None, ModelRefused),
    (422, "body.tools: wrong", None, ModelRefused),
    (429, "You exceeded your current quota", "insufficient_quota", ModelRefused),
    (429, "slow down", None, ServerBusy),
    (500, "CUDA out of memory", None, OutOfMemory),
    (500, "oh", None, ServerFault),
    (503, "busy", None, ServerBusy),
]


@pytest.mark.parametrize(("status", "words", "code", "kind"), STATUSES)
def test_a_status(
    server: ScriptedOpenAI, status: int, words: str, code: str | None, kind: type[ProviderError]
) -> None:
    server.on(CHAT, error(status, words, code))
    assert type(failure(server)[0]) is kind


def test_googles_error_is_a_list(server: ScriptedOpenAI) -> None:
    server.on(CHAT, answered(401, [{"error": {"message": "API key not valid"}}]))
    assert "API key not valid" in str(failure(server)[0])


def test_busy_is_asked_again_but_never_after_the_first_word(server: ScriptedOpenAI) -> None:
    server.on(CHAT, error(429, "slow", Retry_After="0.3"), error(503, "busy"), server._chat)
    began = time.monotonic()
    assert answer(server, retries=2)[1] == "stop"
    assert time.monotonic() - began >= 0.3
    assert len(server.to(CHAT)) == 3
    server.on(CHAT, events(delta("Hel"), Reset(), ended=False))
    assert isinstance(failure(server, retries=5)[0], StreamBroken)
    assert len(server.to(CHAT)) == 4


def test_a_long_retry_after_is_not_waited_for(server: ScriptedOpenAI) -> None:
    server.on(CHAT, error(429, "slow", Retry_After="3600"))
    began = time.monotonic()
    assert isinstance(failure(server, retries=5, first_token_s=2)[0], ServerBusy)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://nobody.invalid/v1"])
def test_nobody_there(url: str) -> None:
    class Nobody(ScriptedOpenAI):
        @property
        def url(self) -> str:
            return url

    began = time.monotonic()
    assert isinstance(failure(Nobody())[0], ServerAway)
    assert time.monotonic() - began < 2


def test_silence_has_two_limits(server: ScriptedOpenAI) -> None:
    server.on(CHAT, [Hang()])
    assert isinstance(failure(server, first_token_s=0.3)[0], FirstTokenTimeout)
    server.on(CHAT, events(delta("Hel"), Hang()))
    fault, came = failure(server, between_tokens_s=0.3)
    assert (type(fault), came) == (TokenTimeout, "Hel")


def test_slow_is_not_silent(server: ScriptedOpenAI) -> None:
    steps = [step for word in "abcd" for step in (Pause(0.3), delta(word))]
    server.on(CHAT, events(*steps, finish(), DONE))
    assert answer(server, between_tokens_s=0.6)[0] == "abcd"


def test_comments_and_single_bytes_do_not_count_as_speaking(server: ScriptedOpenAI) -> None:
    server.on(CHAT, [Head(200, STREAM), Drip(b": still there\n\n" * 50, 0.02)])
    began = time.monotonic()
    assert isinstance(failure(server, first_token_s=0.4)[0], FirstTokenTimeout)
    assert time.monotonic() - began < 1


def test_counts_that_never_come_are_not_waited_for(server: ScriptedOpenAI) -> None:
    server.on(CHAT, events(delta("Yes."), finish(), Hang()))
    began = time.monotonic()
    assert answer(server) == ("Yes.", "stop", Usage())
    assert time.monotonic() - began < 3


REFUSED = [
    ([Head(302, {"Location": "http://127.0.0.1:9/"}), End()], "redirects"),
    ([Head(200, {"Content-Type": "text/html"}), Body(b"<html>"), End()], "text/html"),
    (
        [
            Head(200, STREAM | {"Content-Encoding": "gzip"}),
            Body(gzip.compress(b"data: " + b"0" * 10_000_000)),
            End(),
        ],
        "encoding",
    ),
    ([Raw(b"SSH-2.0-OpenSSH\r\n\r\n")], "HTTP"),
    (answered(200, {"hello": 1}), "without an answer"),
    ([Head(200, {"Content-Type": "application/json"}), Body(b"nope"), End()], "not its JSON"),
]


@pytest.mark.parametrize(("script", "words"), REFUSED)
def test_what_is_no_answer_at_all(server: ScriptedOpenAI, script: Any, words: str) -> None:
    server.on(CHAT, script)
    fault, _came = failure(server)
    assert isinstance(fault, ServerFault)
    assert words in str(fault)


def test_a_restarted_server_is_simply_asked_again(server: ScriptedOpenAI) -> None:
    with provided(server) as provider:
        assert text(ask(provider)) != ""
        server.stop()
        with pytest.raises(ServerAway):
            list(ask(provider))
        server.start()
        assert text(ask(provider)) != ""


def test_an_answer_that_hangs_leaves_no_thread(server: ScriptedOpenAI) -> None:
    server.on(CHAT, [Hang()])
    before = threading.active_count()
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    with provided(server) as provider:
        assert list(ask(provider, cancel=cancel)) == []
    server.stop()
    until = time.monotonic() + 3
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.02)
    assert threading.active_count() <= before
