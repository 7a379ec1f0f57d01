"""The scripted server itself: bytes, pauses and ends as written, and a healthy Ollama."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import httpx
import pytest

from core.paths import PROJECT
from testing.ollama_recorded import recorded
from testing.scripted_http import Body, Drip, End, Hang, Head, Pause, Raw, Reset, ScriptedHttp
from testing.scripted_ollama import ScriptedOllama

# In the one that is left out the server waits for the client to close.
EVERY_CASE = sorted(recorded().keys() - {"client_closes"})


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


def exchange(server: ScriptedHttp, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


def test_every_byte_is_under_control() -> None:
    with ScriptedHttp() as server:
        server.on("/x", [Raw(b"any"), Raw(b"thing\x00\xff")])
        assert exchange(server, b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n") == b"anything\x00\xff"
        server.on("/x", [Head(201, {"A": "b"}), Body(b"one"), Body(b"three"), End()])
        assert exchange(server, b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n") == (
            b"HTTP/1.1 201 Created\r\nA: b\r\nTransfer-Encoding: chunked\r\n"
            b"Connection: close\r\n\r\n"
            b"3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"
        )


def test_pauses_and_drips_take_their_time(http: httpx.Client) -> None:
    with ScriptedHttp() as server:
        server.on("/x", [Pause(0.1), Head(), Drip(b"abcd", 0.05), End()])
        began = time.monotonic()
        assert http.get(f"{server.url}/x").content == b"abcd"
        assert 0.3 <= time.monotonic() - began < 3


def test_a_reset_is_a_reset() -> None:
    with ScriptedHttp() as server:
        server.on("/x", [Raw(b"a"), Pause(0.1), Reset()])
        with pytest.raises(ConnectionResetError):
            exchange(server, b"GET /x HTTP/1.1\r\n\r\n")


def test_requests_are_kept_and_leaving_is_noticed() -> None:
    with ScriptedHttp() as server:
        server.on("/x", [Hang()])
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b'POST /x HTTP/1.1\r\nA: b\r\nContent-Length: 7\r\n\r\n{"a":')
            time.sleep(0.05)
            connection.sendall(b"1}")
            until = time.monotonic() + 2
            while not server.to("/x") and time.monotonic() < until:
                time.sleep(0.01)
            request = server.to("/x")[0]
            assert (request.method, request.headers["a"], request.json) == ("POST", "b", {"a": 1})
            assert not request.gone.is_set()
        assert request.gone.wait(1)


def test_scripts_are_used_in_turn_and_the_last_stays(http: httpx.Client) -> None:
    with ScriptedHttp() as server:
        server.on("/x", *[[Head(status, {"Content-Length": "0"})] for status in (500, 503, 200)])
        assert [http.get(f"{server.url}/x").status_code for _ in range(4)] == [500, 503, 200, 200]


def test_stopping_ends_what_hangs_and_it_can_start_again(http: httpx.Client) -> None:
    server = ScriptedHttp()
    server.start()
    server.on("/x", [Hang()])
    port = server.port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\n\r\n")
        time.sleep(0.05)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 1
        assert connection.recv(1) == b""
    server.on("/x", [Head(200, {"Content-Length": "0"})])
    server.start()
    assert server.port == port
    assert http.get(f"{server.url}/x").status_code == 200
    server.stop()


@pytest.mark.parametrize("case", EVERY_CASE)
def test_a_replay_is_byte_for_byte(case: str) -> None:
    """The head, every piece as a chunk of its own, and the recorded end."""
    request, response = recorded()[case]["request"], recorded()[case]["response"]
    with ScriptedOllama() as server:
        server.replay(case, speed=float("inf"))
        path = request["path"]
        raw = exchange(server, f"{request['method']} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = raw.partition(b"\r\n\r\n")
    status_line, *headers = head.decode().split("\r\n")
    assert status_line.split(" ")[1] == str(response["status"])
    for name, value in response["headers"].items():
        assert f"{name}: {value}" in headers
    pieces = [text.encode() for _ms, text in response["chunks"]]
    if "Content-Length" in response["headers"]:
        assert body == b"".join(pieces)
        return
    chunked = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    assert body == chunked + (b"0\r\n\r\n" if response["ended"] == "complete" else b"")


def test_a_healthy_server_streams_at_its_rate(http: httpx.Client) -> None:
    with ScriptedOllama(tokens_per_s=100, load_s=0.2, tokens=30) as server:
        body = {"model": "tiny", "messages": [{"role": "user", "content": "hi"}]}
        for load_s in (0.2, 0.0):
            began = time.monotonic()
            lines = chat(http, server.url, body)
            assert load_s + 0.29 <= time.monotonic() - began < load_s + 3
            assert len(lines) == 31
            assert (lines[-1]["done_reason"], lines[-1]["eval_count"]) == ("stop", 30)
        assert [m["name"] for m in http.get(f"{server.url}/api/ps").json()["models"]] == [
            "tiny:latest"
        ]


def test_a_healthy_server_is_fast_without_a_rate() -> None:
    count = 20_000
    with ScriptedOllama(tokens=count) as server:
        body = json.dumps({"model": "tiny", "messages": [{"role": "user", "content": "hi"}]})
        request = urllib.request.Request(f"{server.url}/api/chat", body.encode())
        began = time.process_time()
        with urllib.request.urlopen(request) as answer:
            lines = answer.read().count(b"\n")
        assert lines == count + 1
        assert count / (time.process_time() - began) > 20_000  # processor time of both sides


def test_the_command_line(http: httpx.Client) -> None:
    command = [sys.executable, "-m", "testing.scripted_ollama", "--port", "0", "--tokens", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split(" ")[5]
        lines = chat(http, url, {"model": "tiny", "messages": [{"role": "user", "content": "hi"}]})
        process.terminate()
    assert len(lines) == 4


def chat(http: httpx.Client, url: str, body: dict[str, object]) -> list[dict[str, object]]:
    answer = http.post(f"{url}/api/chat", json=body)
    return [json.loads(line) for line in answer.text.split("\n") if line]
