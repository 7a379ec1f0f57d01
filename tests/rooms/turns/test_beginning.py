"""A turn that is made ready while its transaction is on its way to the disk (FAULTS.md 21, 23)."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from core.errors import DiskFull
from core.messages import Kind, ReplyStatus, StreamEvent
from core.rooms.answering import speaker
from core.rooms.log import Logs
from core.rooms.turns import engine
from core.store.engine import dialect
from core.workbench import Workbench
from testing.scripted_model import ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"
Patch = pytest.MonkeyPatch


@pytest.fixture
def model() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def bench(open_workbench: OpenWorkbench, model: ScriptedProvider) -> Workbench:
    return open_workbench(model)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when a prompt has been made."""
    done, real = threading.Event(), speaker.build_prompt

    def build(*given: Any, **named: Any) -> Any:
        prompt = real(*given, **named)
        done.set()
        return prompt

    monkeypatch.setattr(speaker, "build_prompt", build)
    return done


@contextmanager
def commits(monkeypatch: pytest.MonkeyPatch, *before: Callable[[], None]) -> Iterator[None]:
    """Something happens before each of the next commits reaches the disk."""
    known, left = dialect(), list(before)
    real = known.do_commit

    def commit(connection: Any) -> None:
        if left:
            left.pop(0)()
        real(connection)

    with monkeypatch.context() as patch:
        patch.setattr(known, "do_commit", commit)
        yield
    assert not left


def refuse(code: int) -> Callable[[], None]:
    def fail() -> None:
        error = sqlite3.OperationalError("refused")
        error.sqlite_errorcode = code
        raise error

    return fail


def test_the_prompt_is_made_meanwhile_and_nobody_hears_of_it(
    bench: Workbench,
    model: ScriptedProvider,
    made: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[Any, ...]] = []

    def slowly() -> None:
        ready = made.wait(10)
        time.sleep(0.3)
        present = bench.rooms.presence(ROOM).seq
        seen.append((ready, len(model.asked), len(watch.take()), present))

    with bench.rooms.watch(ROOM) as watch, commits(monkeypatch, slowly):
        bench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
        assert bench.rooms.wait_idle(ROOM, 10)
    assert seen == [(True, 0, 0, None)]
    [(_ref, messages)] = model.asked
    assert messages[-1].content == "Yuki: @Ren hi"
    reply = bench.rooms.message(ROOM, 2)
    assert reply.status is ReplyStatus.COMPLETE
    assert reply.timings is not None
    assert reply.timings.total_ms is not None
    assert reply.timings.total_ms < 300  # the disk is not the model's time


def test_a_commit_that_fails_asks_no_model(
    bench: Workbench,
    model: ScriptedProvider,
    made: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full() -> None:
        assert made.wait(10)
        refuse(sqlite3.SQLITE_FULL)()

    monkeypatch.setattr(engine, "PAUSE_S", 0.1)
    with commits(monkeypatch, full), pytest.raises(DiskFull):
        bench.rooms.post(ROOM, "@Ren hi", sender="Yuki", key="k")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert model.asked == []
    assert bench.rooms.messages(ROOM) == []
    bench.rooms.post(ROOM, "@Ren hi", sender="Yuki", key="k")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert [line.seq for line in bench.rooms.messages(ROOM)] == [1, 2]
    assert len(model.asked) == 1


def test_a_transaction_that_runs_again_is_answered_once(
    bench: Workbench,
    model: ScriptedProvider,
    made: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The turn that was made ready first was not stored; the one that is stored speaks."""

    def locked() -> None:
        assert made.wait(10)
        refuse(sqlite3.SQLITE_BUSY)()

    with commits(monkeypatch, locked):
        bench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
        assert bench.rooms.wait_idle(ROOM, 10)
    assert len(model.asked) == 1
    said, reply = bench.rooms.messages(ROOM)
    assert (said.kind, reply.kind, reply.status) == (Kind.HUMAN, Kind.AGENT, ReplyStatus.COMPLETE)
    assert reply.content == "Hello from the script."


def test_a_guest_is_offered_its_turn_after_its_line_is_told(
    bench: Workbench, monkeypatch: Patch
) -> None:
    """Also where telling it takes a while: the offer says that the line stands in the room."""
    order: list[int] = []
    offered, real = threading.Event(), Logs.publish

    def publish(logs: Logs, event: StreamEvent) -> None:
        time.sleep(0.02)
        real(logs, event)
        if event.type == "message" and event.seq is not None:
            order.append(event.seq)

    def offer(_frame: Mapping[str, Any]) -> None:
        order.append(0)
        offered.set()

    bench.rooms.create("Tea", ["Ren"])
    bench.rooms.outside.join(
        "Tea", [{"name": "Hana", "capabilities": ["turns"]}], "hers", tell=offer
    )
    monkeypatch.setattr(Logs, "publish", publish)
    bench.rooms.post("Tea", "@Hana hi", sender="Yuki")
    assert offered.wait(10)
    assert order == [1, 2, 0]
    bench.rooms.outside.message("Tea", "Hana", "Hi.", "hers")
    assert bench.rooms.wait_idle("Tea", 10)
