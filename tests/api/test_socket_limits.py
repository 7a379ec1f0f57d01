"""Bad frames, floods and slow readers: refused, and nobody else is harmed."""

from __future__ import annotations

import json
import socket as sockets
import threading

import pytest
from websockets.exceptions import ConnectionClosed

from core.messages import StreamEvent
from tests.api.conftest import Served
from tests.api.wire import close_code, eventually, receive, send, until

BAD_FRAMES = [
    ("{", "invalid_input"),
    ("[]", "invalid_input"),
    ("7", "invalid_input"),
    ('"text"', "invalid_input"),
    ("[" * 50_000, "invalid_input"),
    ("{}", "invalid_input"),
    ('{"type": "shout"}', "invalid_input"),
    ('{"type": ["message"]}', "invalid_input"),
    ('{"type": "message"}', "invalid_input"),
    ('{"type": "message", "content": 7}', "invalid_input"),
    ('{"type": "message", "content": " "}', "message_empty"),
    ('{"type": "message", "content": "a\\u0000"}', "invalid_input"),
    ('{"type": "message", "content": "\\ud800"}', "invalid_input"),
    ('{"type": "message", "content": "a", "reply_to": 99}', "invalid_input"),
    ('{"type": "message", "content": "a", "reply_to": 1e99}', "invalid_input"),
    ('{"type": "message", "content": "a", "sender": ""}', None),
    ('{"type": "message", "content": "a", "sender": {}}', "invalid_input"),
    ('{"type": "message", "content": "a", "agent": "nobody"}', "agent_not_found"),
    ('{"type": "delta", "agent": "nobody", "text": "a"}', "agent_not_found"),
    ('{"type": "delta"}', "invalid_input"),
    ('{"type": "join", "agents": "x"}', "invalid_input"),
    ('{"type": "join", "agents": []}', "invalid_input"),
    ('{"type": "message", "content": "' + "x" * 40_000 + '"}', "message_too_long"),
]


def test_bad_frames_are_answered_and_the_connection_goes_on(served: Served) -> None:
    with served.socket(served.room()) as socket:
        for text, code in BAD_FRAMES:
            socket.send(text)
            frame = receive(socket)
            if code is None:
                assert frame["type"] == "message", text[:60]
            else:
                assert (frame["type"], frame["code"]) == ("error", code), text[:60]
                assert frame["message"]
                assert frame["hint"]
        send(socket, type="message", content="still here")
        assert receive(socket)["content"] == "still here"


def test_frames_that_are_no_frames_end_the_connection(served: Served) -> None:
    room = served.room()
    with served.socket(room) as socket:
        socket.send(b"\x00\x01")
        assert receive(socket)["type"] == "error"
        assert close_code(socket) == 1003
    with served.socket(room) as socket:
        socket.send("x" * 500_000)
        assert receive(socket)["code"] == "body_too_large"
        assert close_code(socket) == 1009
    with served.socket(room) as socket:
        socket.socket.sendall(b"\x81\x82\x00\x00\x00\x00\xff\xfe")  # text that is not UTF-8
        assert close_code(socket) == 1007


def test_a_flood_is_cut_off(served: Served) -> None:
    room = served.room()
    with served.socket(room) as flooding, served.socket(room) as other:
        drained = threading.Thread(target=lambda: codes.append(close_code(flooding)))
        codes: list[int] = []
        drained.start()
        try:
            for number in range(20_000):
                flooding.send(json.dumps({"type": "message", "content": f"{number}"}))
        except ConnectionClosed:
            pass
        drained.join(20)
        assert codes == [1008]
        send(other, type="message", content="others go on", sender="Bo")
        until(other, lambda frame: frame.get("sender") == "Bo")


def test_a_slow_reader_is_cut_off_and_harms_nobody(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.rooms.log.MAX_WAITING", 500)
    room, events = served.room(), 6_000  # 18 MB: more than the system's buffers swallow
    with served.socket(room) as quick:
        raw = _socket_that_never_reads(served, room)
        log = served.bench.rooms._logs.of(room)
        start, seen = served.bench.rooms.get(room).last_event, []
        for number in range(1, events + 1):
            text = "x" * 3_000
            log.publish(StreamEvent("delta", room, start + number, 1, offset=0, text=text))
            if number % 100 == 0:  # the quick one keeps up
                seen += until(quick, lambda frame, now=start + number: frame["event"] == now)  # type: ignore[misc]
        assert [frame["event"] for frame in seen] == list(range(start + 1, start + events + 1))
        eventually(lambda: log.watchers == 1)
        assert _last_close(raw) == 1013
        raw.close()


def _socket_that_never_reads(served: Served, room: str) -> sockets.socket:
    raw = sockets.create_connection(("127.0.0.1", served.port))
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 65_536)
    lines = (
        f"GET /ws?room={room} HTTP/1.1",
        f"Host: 127.0.0.1:{served.port}",
        f"Authorization: Bearer {served.token}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "\r\n",
    )
    raw.sendall("\r\n".join(lines).encode())
    assert raw.recv(12) == b"HTTP/1.1 101"
    return raw


def _last_close(raw: sockets.socket) -> int | None:
    """The code of the close frame behind what is still to be read; `None`: none came."""
    raw.settimeout(10)
    tail = b""
    while piece := raw.recv(65_536):
        tail = (tail + piece)[-200:]
        if tail.endswith(b"resume with cursor="):
            head = tail.rindex(b"\x88")  # a close frame: its length, its code, its words
            return int.from_bytes(tail[head + 2 : head + 4], "big")
    return None
