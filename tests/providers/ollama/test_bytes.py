"""Whatever bytes come: the exact text or a typed error, never another exception."""

from __future__ import annotations

import json
import random

import pytest

from core.errors import ModelRefused, OutOfMemory, ProviderError, RunnerGone, StreamBroken
from core.providers.base import Chunk
from core.providers.ollama.lines import LINE_LIMIT_BYTES, checked_lines
from core.providers.ollama.provider import OllamaProvider
from testing.scripted_http import Body, End, Head, Raw, Reset, whole
from testing.scripted_ollama import ScriptedOllama, done, line, stream, token
from tests.providers.conftest import Ask

AWKWARD = [
    "日本語の文、縁側。",
    "👩‍👩‍👧 and \U0001f3f4\U000e0067",
    "a\u0085b\u2028c\u2029d",  # httpx would end a line at each of these
    "tab\tnewline\nreturn\rvertical\x0bform\x0cfile\x1c",
    'quotes "\\" and </script>',
    "nul \x00 inside",
    "\ufeffbom",
    " ",
]


def text_of(server: ScriptedOllama, ask: Ask, *pieces: bytes) -> str:
    server.on("/api/chat", stream(*map(Body, pieces)))
    return "".join(chunk.text for chunk in ask())


def test_awkward_text_arrives_exactly(server: ScriptedOllama, ask: Ask) -> None:
    raw = [token(text).data for text in AWKWARD] + [done().data]
    assert text_of(server, ask, *raw) == "".join(AWKWARD)


def test_escaped_or_not_makes_no_difference(server: ScriptedOllama, ask: Ask) -> None:
    raw = [json.dumps({"message": {"content": text}}).encode() + b"\n" for text in AWKWARD]
    assert text_of(server, ask, *raw, done().data) == "".join(AWKWARD)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_pieces_of_any_size(size: int, server: ScriptedOllama, ask: Ask) -> None:
    """Lines and characters are split anywhere, and several lines come in one piece."""
    raw = b"".join(token(text).data for text in AWKWARD) + done().data
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    assert text_of(server, ask, *pieces) == "".join(AWKWARD)


def test_windows_line_ends_and_blank_lines(server: ScriptedOllama, ask: Ask) -> None:
    raw = token("one ").data.replace(b"\n", b"\r\n\r\n") + b"\n  \n" + token("two").data
    assert text_of(server, ask, raw, done().data) == "one two"


def test_no_newline_after_the_last_line(server: ScriptedOllama, ask: Ask) -> None:
    assert text_of(server, ask, token("one").data, done().data.rstrip()) == "one"


def test_nothing_is_read_after_done(server: ScriptedOllama, ask: Ask) -> None:
    after = [b"junk", token("more").data, b'{"error": "late"}\n']
    assert text_of(server, ask, token("one").data, done().data, *after) == "one"


BROKEN_LINES = {
    "junk": b"<html>not json</html>\n",
    "half an object": b'{"message": {"content": "x"\n',
    "two objects in a line": token("a").data.rstrip() + token("b").data,
    "raw NUL": b"\x00\x00\x00\n",
    "NUL in front": b"\x00" + token("a").data,
    "UTF-16": token("a").data.decode().encode("utf-16"),
    "invalid UTF-8": token("aXb").data.replace(b"X", b"\xff\xfe"),
    "half a character": token("aXb").data.replace(b"X", b"\xe7\xb8"),
    "half a surrogate pair": b'{"message": {"content": "\\ud83d"}, "done": false}\n',
    "raw control character": token("aXb").data.replace(b"X", b"\x0b"),
    "an array": b"[1, 2]\n",
    "a number": b"7\n",
    "nothing at all": b"null\n",
    "message is text": b'{"message": "x"}\n',
    "content is a number": b'{"message": {"content": 7}}\n',
    "content is a list": b'{"message": {"content": ["x"]}}\n',
    "thinking is an object": b'{"message": {"content": "", "thinking": {}}}\n',
    "done is text": b'{"message": {"content": "x"}, "done": "true"}\n',
    "very deep": b'{"message":' * 100_000 + b"\n",
    "very long number": b'{"eval_count": ' + b"9" * 5000 + b"}\n",
    "10 MB line": token("x" * 10_000_000).data,
    "10 MB without an end": b" " * 10_000_000,
}


@pytest.mark.parametrize("what", BROKEN_LINES)
def test_a_broken_line_is_an_error(what: str, server: ScriptedOllama, ask: Ask) -> None:
    server.on("/api/chat", stream(token("before"), Body(BROKEN_LINES[what]), done()))
    came = []
    with pytest.raises(StreamBroken):
        came.extend(ask())
    assert [chunk.text for chunk in came] == ["before"]


def test_a_long_line_below_the_limit_is_exact(server: ScriptedOllama, ask: Ask) -> None:
    text = "縁" * (LINE_LIMIT_BYTES // 3 - 100)
    assert text_of(server, ask, token(text).data, done().data) == text


ODD_BUT_READABLE = {
    "counts of other types": {"eval_count": "7", "load_duration": -1, "prompt_eval_count": 1.5},
    "unknown fields": {"wings": 2, "model": 7, "created_at": [], "logprobs": "x"},
    "reason of another type": {"done_reason": 7},
}


@pytest.mark.parametrize("what", ODD_BUT_READABLE)
def test_odd_fields_beside_the_text_are_unknown(
    what: str, server: ScriptedOllama, ask: Ask
) -> None:
    last = line({"message": {"content": None}, "done": True, **ODD_BUT_READABLE[what]})
    server.on("/api/chat", stream(token("hello"), last))
    chunks = list(ask())
    assert "".join(chunk.text for chunk in chunks) == "hello"
    assert chunks[-1].done_reason == "stop"
    assert chunks[-1].load_ms is None
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens is None


ERROR_LINES: dict[str, tuple[type[ProviderError], object]] = {
    "runner": (RunnerGone, "an error was encountered while running the model: unexpected EOF"),
    "memory": (OutOfMemory, "CUDA error: out of memory"),
    "object": (ModelRefused, {"message": '"tiny" does not support tools', "type": "x"}),
    "other": (ProviderError, "something else"),
    "no text": (ProviderError, 7),
    "hostile": (ProviderError, "{model.__class__} {0} %s \x1b[31m\n<b>" + "x" * 10_000),
}


@pytest.mark.parametrize("what", ERROR_LINES)
@pytest.mark.parametrize("before", ["", "some words "])
def test_an_error_line_after_200(what: str, before: str, server: ScriptedOllama, ask: Ask) -> None:
    error, text = ERROR_LINES[what]
    server.on("/api/chat", stream(token(before), line({"error": text}), done()))
    came = []
    with pytest.raises(error) as raised:
        came.extend(ask())
    assert "".join(chunk.text for chunk in came) == before
    assert len(str(raised.value)) < 500
    assert "\x1b" not in str(raised.value)


def long_stream() -> bytes:
    """Two hundred lines, short ones, so that every byte can have its turn."""
    lines = [line({"message": {"content": f"{n} 縁\u0085 "}}) for n in range(199)]
    return b"".join(one.data for one in [*lines, done("length")])


def assert_cut(cut: int, server: ScriptedOllama, ask: Ask) -> None:
    """Cut off there, the answer is a prefix, and complete only if all of `done` came."""
    raw = long_stream()
    reset = cut % 2 == 1
    orderly = not reset and cut % 3 == 0
    ending = [Reset()] if reset else []
    server.on("/api/chat", stream(Body(raw[:cut]), *ending, ended=orderly))
    came: list[Chunk] = []
    error = None
    try:
        came.extend(ask())
    except ProviderError as raised:
        error = raised
    complete = bool(came and came[-1].done_reason)
    assert complete == (error is None)
    assert "".join(f"{n} 縁\u0085 " for n in range(199)).startswith("".join(c.text for c in came))
    if complete or not reset:  # a reset may overtake bytes that are still on the way
        # An orderly end may stand for the last newline.
        assert complete == (cut >= len(raw) - orderly)
        assert complete or type(error) is StreamBroken
        lines = raw[:cut].count(b"\n")
        assert lines <= len(came) <= lines + 1


def test_cut_at_sampled_bytes(server: ScriptedOllama, ask: Ask) -> None:
    total = len(long_stream())
    for cut in [*range(0, total, 97), *range(total - 30, total + 1)]:
        assert_cut(cut, server, ask)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_cut_at_every_byte(server: ScriptedOllama, ask: Ask) -> None:
    for cut in range(len(long_stream()) + 1):
        assert_cut(cut, server, ask)


def test_random_damage(server: ScriptedOllama, ask: Ask) -> None:
    """Bytes turned, lost and doubled, headers included: an answer or a typed error."""
    dice = random.Random(7)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n"
    good = head + b"".join(token(text).data for text in AWKWARD) + done().data
    outcomes = set()
    for _ in range(300):
        raw = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(raw))
            raw[at : at + dice.randint(0, 3)] = dice.randbytes(dice.randint(0, 3))
        server.on("/api/chat", [Raw(bytes(raw))])
        try:
            outcomes.add(list(ask())[-1].done_reason)
        except ProviderError as error:
            outcomes.add(type(error).__name__)
    assert {"stop", "StreamBroken", "ServerFault"} <= outcomes


REFUSED_ANSWERS = {
    "redirect": [Head(302, {"Location": "http://127.0.0.1:1/elsewhere"}), End()],
    "permanent redirect": [Head(308, {"Location": "/api/other"}), End()],
    "redirect loop": [Head(301, {"Location": "/api/chat"}), End()],
    "web page": whole(200, b"<html>Welcome</html>", {"Content-Type": "text/html"}),
    "event stream": whole(200, b"data: {}\n\n", {"Content-Type": "text/event-stream"}),
    "no content type": whole(200, token("x").data + done().data, {"X": "y"}),
    "no content": [Raw(b"HTTP/1.1 204 No Content\r\n\r\n")],
    "gzip": whole(
        200, b"\x1f\x8b" * 5000, {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    ),
    "brotli": whole(200, b"x", {"Content-Type": "application/json", "Content-Encoding": "br"}),
    "not HTTP": [Raw(b"SSH-2.0-OpenSSH_9.6\r\n")],
    "endless header": [Raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000)],
    "bad chunk": [
        Raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"),
        Raw(b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    ],
    "large error page": whole(500, b"x" * 1_000_000, {"Content-Type": "text/html"}),
}


@pytest.mark.parametrize("what", REFUSED_ANSWERS)
def test_an_answer_that_is_not_ollamas(what: str, server: ScriptedOllama, ask: Ask) -> None:
    server.on("/api/chat", REFUSED_ANSWERS[what])
    with pytest.raises(ProviderError) as raised:
        list(ask())
    assert raised.value.code == "server_fault"
    assert ("it redirects to" in str(raised.value)) == ("redirect" in what)
    assert len(server.to("/api/chat")) == 1  # nothing was followed
    assert server.to("/api/other") == []


def test_an_endless_answer_ends() -> None:
    """A server that never says done is cut at a limit, not at the end of our memory."""
    chunks = (token("x" * 100_000).data for _ in iter(int, 1))
    with pytest.raises(StreamBroken, match="does not end"):
        for _ in checked_lines(chunks, "m"):
            pass


@pytest.mark.parametrize("path", ["/api/show", "/api/tags", "/api/ps", "/api/version"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b'{"models": 7, "version": 7}',
        b'{"models": [7, {}, {"name": 7}, {"name": "\\ud83d"}], "details": 7, "model_info": []}',
        b'{"models": [{"name": "a", "size": "x", "digest": 7, "details": {"family": 7}}]}',
        b'{"capabilities": [7, null], "model_info": {"general.architecture": "a"}}',
        b"[" * 100_000,
    ],
)
def test_odd_lists_never_raise_anything_else(
    path: str, body: bytes, server: ScriptedOllama, ask: Ask, provider: OllamaProvider
) -> None:
    server.on(path, whole(200, body))
    for question in (provider.models, provider.version, lambda: provider.info("ollama:tiny")):
        try:
            question()
        except ProviderError:
            continue
    assert provider.state().name == "ollama"
    assert "".join(chunk.text for chunk in ask())  # the chat goes on without them
