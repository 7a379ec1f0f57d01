"""Whoever drops out and comes back has missed nothing and sees nothing twice."""

from __future__ import annotations

import random
import threading
import time

import pytest
from websockets.sync.client import ClientConnection

from tests.api.conftest import Served
from tests.api.wire import Frame, receive


def _drops(served: Served, drops: int, seed: int) -> None:
    """FAULTS 31: whoever drops out at random and resumes sees what SQL holds, in order."""
    chance = random.Random(seed)
    room = served.room()
    stop = threading.Event()
    last: list[int] = []

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            said = served.bench.rooms.post(room, f"line {number}", sender="Ada")
            if number % 7 == 0:
                served.bench.rooms.delete_message(room, said.seq)
            time.sleep(0.002)
        last.append(served.bench.rooms.get(room).last_event)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        view = _View()
        for _drop in range(drops):
            view.take(served.socket(room, **view.resume(chance)), chance.randint(0, 12))
    finally:
        stop.set()
        writer.join(10)
    with served.socket(room, cursor=view.event) as socket:
        while view.event < last[0]:
            view.see(receive(socket))
    stored = served.bench.rooms.messages(room, after=0, limit=1000)
    expected = [(m.seq, m.content, m.deleted) for m in stored]
    seen = [(seq, *view.messages[seq]) for seq in sorted(view.messages)]
    assert seen[: len(expected)] == expected
    assert list(view.messages) == sorted(view.messages), "messages came out of order"


class _View:
    """What a client that drops out again and again makes of the frames."""

    def __init__(self) -> None:
        self.event = 0
        self.messages: dict[int, tuple[str, bool]] = {}

    def resume(self, _chance: random.Random) -> dict[str, int]:
        return {"cursor": self.event}

    def take(self, socket: ClientConnection, frames: int) -> None:
        with socket:
            for _ in range(frames):
                self.see(receive(socket))
            socket.socket.close()  # no goodbye

    def see(self, frame: Frame) -> None:
        assert frame["event"] == self.event + 1, "an event is missing or came twice"
        self.event = frame["event"]
        if frame["type"] in {"message", "edit"}:
            self.messages[frame["seq"]] = (frame["content"], frame["deleted"])


def test_random_drops_lose_nothing(served: Served) -> None:
    _drops(served, 25, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_thousand_random_drops_lose_nothing(served: Served) -> None:
    for seed in range(10):
        _drops(served, 100, seed)


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
