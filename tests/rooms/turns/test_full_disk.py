"""A disk that fills up in the middle of a round: nothing is lost, and it goes on by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from core.errors import DiskFull
from core.messages import ReplyStatus
from core.rooms.turns import engine
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"
PIECES = [f"word{number} " for number in range(30)]


@pytest.fixture
def bench(open_workbench: OpenWorkbench) -> Workbench:
    return open_workbench(ScriptedProvider({"starter": Script(PIECES, pause_s=0.02)}))


@contextmanager
def _full_disk(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every commit fails as on a full disk."""

    def refuse(batch: object) -> None:
        raise DiskFull(folder=bench.settings.data_dir)

    with monkeypatch.context() as patch:
        patch.setattr(bench.store._writer, "_transaction", refuse)
        yield


def test_a_reply_that_could_not_be_stored_for_a_while_is_whole(bench, monkeypatch):
    with bench.rooms.watch(ROOM, after=0) as watch:
        bench.rooms.post(ROOM, "@Ren go on", sender="Yuki")
        while (event := watch.get(5)) and event.type != "delta":
            pass
        with _full_disk(bench, monkeypatch):
            time.sleep(0.3)
            assert bench.store.problem is not None
            assert bench.rooms.messages(ROOM)[-1].status is ReplyStatus.PENDING
        shown = event.text or ""
        while (event := watch.get(10)) and event.type == "delta":
            assert event.offset == len(shown)
            shown += event.text or ""
    assert shown == "".join(PIECES).rstrip()
    assert bench.rooms.message(ROOM, 2).status is ReplyStatus.COMPLETE
    assert bench.rooms.message(ROOM, 2).content == shown


def test_the_end_of_a_reply_waits_for_the_disk(bench, monkeypatch):
    with bench.rooms.watch(ROOM, after=0) as watch:
        bench.rooms.post(ROOM, "@Ren go on", sender="Yuki")
        while (event := watch.get(5)) and event.type != "delta":
            pass
        with _full_disk(bench, monkeypatch):
            time.sleep(1.2)
    assert bench.rooms.wait_idle(ROOM, 10)
    assert bench.rooms.message(ROOM, 2).content == "".join(PIECES).rstrip()


def test_a_message_that_was_refused_is_not_there_and_the_next_is_answered(bench, monkeypatch):
    with _full_disk(bench, monkeypatch), pytest.raises(DiskFull):
        bench.rooms.post(ROOM, "@Ren lost", sender="Yuki", key="k")
    bench.rooms.post(ROOM, "@Ren lost", sender="Yuki", key="k")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert [line.seq for line in bench.rooms.messages(ROOM)] == [1, 2]


def test_a_round_that_could_not_begin_begins_later(bench, monkeypatch):
    monkeypatch.setattr(engine, "PAUSE_S", 0.1)
    began = threading.Event()
    real = bench.store._writer._transaction
    calls = []

    def fail_second(batch):
        calls.append(batch)
        if len(calls) == 2:
            began.set()
            raise DiskFull(folder="x")
        real(batch)

    monkeypatch.setattr(bench.store._writer, "_transaction", fail_second)
    bench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
    assert began.wait(5)
    for _ in range(200):
        if bench.rooms.messages(ROOM)[-1].seq == 2:
            break
        time.sleep(0.02)
    assert bench.rooms.wait_idle(ROOM, 10)
    assert bench.rooms.message(ROOM, 2).status is ReplyStatus.COMPLETE
