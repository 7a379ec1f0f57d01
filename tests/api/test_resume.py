"""Whoever drops out and comes back has missed nothing and sees nothing twice."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import pytest
from websockets.sync.client import ClientConnection

from core.messages import Message
from testing.scripted_model import Script, ScriptedProvider
from tests.api.conftest import Served
from tests.api.wire import Frame, receive
from tests.conftest import OpenWorkbench


def _drops(served: Served, drops: int, seed: int, by: str = "cursor") -> None:
    """FAULTS 31: whoever drops out at random and resumes sees what SQL holds, in order."""
    chance = random.Random(seed)
    room = served.bench.rooms.create(f"drops {by} {seed}", ["Ren"]).id
    stop = threading.Event()
    writer = threading.Thread(target=_write, args=(served, room, stop, by == "cursor"))
    writer.start()
    view = _View(by)
    try:
        for drop in range(20 * drops):
            if drop >= drops and view.deltas:  # it was there while somebody spoke
                break
            view.take(served.socket(room, **view.resume()), chance.randint(0, 12))
    finally:
        stop.set()
        writer.join(30)
    assert served.bench.rooms.wait_idle(room, 30)
    last, stored = served.bench.rooms.get(room).last_event, _all(served, room)
    with served.socket(room, **view.resume()) as socket:
        while view.event < last or len(view.messages) < len(stored):
            view.see(receive(socket))
    expected = {one.seq: (one.content, str(one.status), one.deleted) for one in stored}
    assert view.messages == expected
    assert list(view.messages) == sorted(view.messages), "messages came out of order"
    assert view.deltas > 0


def _write(served: Served, room: str, stop: threading.Event, changing: bool) -> None:
    """People speak, now and then to Ren, who answers in pieces; some take back or change words."""
    rooms, number = served.bench.rooms, 0
    while not stop.is_set():
        number += 1
        called = "@Ren " if number % 10 == 1 else "@Yuki "
        said = rooms.post(room, f"{called}line {number}", sender="Ada")
        if changing and number % 7 == 0:
            rooms.delete_message(room, said.seq)
        elif changing and number % 5 == 0:
            rooms.editing.edit(room, said.seq, f"line {number}, in other words")
        time.sleep(0.002)


def _all(served: Served, room: str) -> list[Message]:
    found: list[Message] = []
    while page := served.bench.rooms.messages(room, after=len(found), limit=1000):
        found += page
    return found


class _View:
    """What a client that drops out again and again makes of the frames.

    It resumes by the last event that it saw, or by the messages of which it has all.
    """

    def __init__(self, by: str) -> None:
        self.event = self.deltas = 0
        self.messages: dict[int, tuple[str, str, bool]] = {}
        self._by = by

    def resume(self) -> dict[str, int]:
        if self._by == "cursor":
            return {"cursor": self.event}
        unfinished = [seq for seq, one in self.messages.items() if one[1] == "pending"]
        return {"after": min(unfinished, default=len(self.messages) + 1) - 1}

    def take(self, socket: ClientConnection, frames: int) -> None:
        with socket:
            for _ in range(frames):
                self.see(receive(socket))
            socket.socket.close()  # no goodbye

    def see(self, frame: Frame) -> None:
        if self._by == "cursor":
            assert frame["event"] == self.event + 1, "an event is missing or came twice"
        self.event = max(self.event, frame["event"])
        if frame["type"] == "delta":
            content, status, deleted = self.messages[frame["seq"]]
            assert frame["offset"] == len(content), "a piece is missing or came twice"
            self.messages[frame["seq"]] = (content + frame["text"], status, deleted)
            self.deltas += 1
        elif "content" in frame:
            self.messages[frame["seq"]] = (frame["content"], frame["status"], frame["deleted"])


@pytest.fixture
def talking(open_workbench: OpenWorkbench, serve: Callable[..., Served]) -> Served:
    """A server whose agents speak slowly enough to be dropped in the middle of a word."""
    pieces = [f"piece {number} 🍵 " for number in range(12)]
    return serve(open_workbench(ScriptedProvider({"starter": Script(pieces, pause_s=0.01)})))


@pytest.mark.parametrize("by", ["cursor", "after"])
def test_random_drops_lose_nothing(talking: Served, by: str) -> None:
    _drops(talking, 25, 1, by)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("by", ["cursor", "after"])
def test_a_thousand_random_drops_lose_nothing(talking: Served, by: str) -> None:
    for seed in range(10):
        _drops(talking, 100, seed, by)


def test_resuming_by_message_number_gives_every_message_once(served: Served) -> None:
    room = served.room()
    chance = random.Random(2)
    for number in range(60):
        served.bench.rooms.post(room, f"line {number}", sender="Ada")
    after, seen = 0, []
    while after < 60:
        with served.socket(room, after=after) as socket:
            for _ in range(min(chance.randint(1, 20), 60 - after)):
                frame = receive(socket)
                seen.append(frame["seq"])
                after = frame["seq"]
    assert seen == list(range(1, 61))
