"""A disk that fills up in the middle of a round: nothing is lost, and it goes on by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core.errors import DiskFull
from core.messages import ReplyStatus
from core.rooms.turns import engine, rounds
from core.store import tally
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


def test_a_commit_that_fails_with_the_round_in_it_refuses_the_message(bench, monkeypatch):
    """Nothing is left of either; said again, it is answered once."""
    monkeypatch.setattr(engine, "PAUSE_S", 0.1)
    with _last_moment(bench, monkeypatch), pytest.raises(DiskFull):
        bench.rooms.post(ROOM, "@Ren hi", sender="Yuki", key="k")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert bench.rooms.messages(ROOM) == []
    bench.rooms.post(ROOM, "@Ren hi", sender="Yuki", key="k")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert [line.seq for line in bench.rooms.messages(ROOM)] == [1, 2]
    assert bench.rooms.message(ROOM, 2).status is ReplyStatus.COMPLETE


def test_a_next_turn_that_could_not_begin_begins_later(bench, monkeypatch):
    monkeypatch.setattr(engine, "PAUSE_S", 0.1)
    failed = threading.Event()
    real = rounds.begin

    def begin(seen, turn, *given):
        if turn.agent == "Aki" and not failed.is_set():
            failed.set()
            raise DiskFull(folder="x")
        return real(seen, turn, *given)

    monkeypatch.setattr(rounds, "begin", begin)
    bench.rooms.post(ROOM, "@Ren @Aki hi", sender="Yuki")
    assert failed.wait(10)
    assert _within(10, lambda: len(bench.rooms.messages(ROOM)) == 3)
    assert bench.rooms.wait_idle(ROOM, 10)
    assert bench.rooms.message(ROOM, 3).status is ReplyStatus.COMPLETE


def test_refused_messages_leave_one_pause_behind_not_one_each(bench, monkeypatch):
    monkeypatch.setattr(engine, "PAUSE_S", 60.0)
    pauses = []
    monkeypatch.setattr(bench.rooms._engine.turns.flusher, "call_at", lambda *at: pauses.append(at))
    with _last_moment(bench, monkeypatch):
        for number in range(5):
            with pytest.raises(DiskFull):
                bench.rooms.post(ROOM, f"@Ren {number}", sender="Yuki")
            assert bench.rooms.wait_idle(ROOM, 10)
    assert len(pauses) == 1


@contextmanager
def _last_moment(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every commit fails at its very end, when all its works are done."""

    def refuse(_count: int) -> int:
        raise DiskFull(folder=bench.settings.data_dir)

    with monkeypatch.context() as patch:
        patch.setattr(tally, "following", refuse)
        yield


def _within(seconds: float, so: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if so():
            return True
        time.sleep(0.02)
    return False
