"""How much one user may ask: counted exactly, told in words, charged once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import (
    DiskFull,
    IdempotencyConflict,
    OverQuota,
    RequestsUsedUp,
    RoomNotFound,
    StorageError,
    TokensUsedUp,
    WorkbenchError,
)
from core.messages import ReplyStatus
from core.paths import DataPaths
from core.rooms.limits.quotas import QuotaLimits, Quotas, Spent
from core.store import Store
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"


class Clocks:
    """Seconds, and a time of day that goes with them."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.began = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)

    def seconds(self) -> float:
        return 5_000 + self.passed

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.began.timestamp() + self.passed, UTC)


@pytest.fixture
def store(data_paths: DataPaths) -> Iterator[Store]:
    opened = Store.open(data_paths)
    yield opened
    opened.close()


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def quotas(store: Store, clocks: Clocks, requests: int = 0, tokens: int = 0) -> Quotas:
    limits = QuotaLimits(requests, tokens)
    return Quotas(store, limits, clock=clocks.seconds, now=clocks.now)


def ask(of: Quotas, store: Store, owner: str = "local") -> None:
    store.write(of.charge(owner).take)


def spend(of: Quotas, store: Store, tokens: int, owner: str = "local") -> None:
    store.write(lambda conn: of.spend(conn, owner, tokens))


def test_the_minute_slides(store: Store, clocks: Clocks) -> None:
    limited = quotas(store, clocks, requests=3)
    for at in (0, 10, 30):
        clocks.passed = at
        ask(limited, store)
    clocks.passed = 50
    with pytest.raises(RequestsUsedUp) as refused:
        ask(limited, store)
    assert (refused.value.status, refused.value.retry_after_s) == (429, 10)
    assert "a minute (3)" in refused.value.message("en")
    assert "10 s" in refused.value.hint("en")
    clocks.passed = 60
    ask(limited, store)
    with pytest.raises(RequestsUsedUp) as refused:
        ask(limited, store)
    assert refused.value.retry_after_s == 10


def test_what_is_refused_costs_nothing(store: Store, clocks: Clocks) -> None:
    limited = quotas(store, clocks, requests=1)
    ask(limited, store)
    for at in range(1, 60):
        clocks.passed = at
        with pytest.raises(RequestsUsedUp):
            ask(limited, store)
    clocks.passed = 60
    ask(limited, store)


def test_each_user_has_an_own_quota(store: Store, clocks: Clocks) -> None:
    limited = quotas(store, clocks, requests=1, tokens=10)
    ask(limited, store, "one")
    spend(limited, store, 10, "one")
    ask(limited, store, "other")
    assert limited.state("one").reached is not None
    assert limited.state("other").tokens == Spent(0, 10)


def test_tokens_are_those_of_a_utc_day(store: Store, clocks: Clocks) -> None:
    limited = quotas(store, clocks, tokens=100)
    spend(limited, store, 99)
    ask(limited, store)
    spend(limited, store, 50)
    with pytest.raises(TokensUsedUp) as refused:
        ask(limited, store)
    assert refused.value.retry_after_s == 3600
    assert "1 h 0 min" in refused.value.hint("en")
    clocks.passed = 3600
    ask(limited, store)
    assert limited.state("local").tokens == Spent(0, 100)


def test_a_restart_keeps_the_tokens_of_the_day(store: Store, clocks: Clocks) -> None:
    spend(quotas(store, clocks, tokens=100), store, 100)
    with pytest.raises(TokensUsedUp):
        ask(quotas(store, clocks, tokens=100), store)


def test_without_limits_everything_is_counted_and_nothing_refused(
    store: Store, clocks: Clocks
) -> None:
    free = quotas(store, clocks)
    for _ in range(200):
        ask(free, store)
    spend(free, store, 10**9)
    state = free.state("local")
    assert (state.requests, state.tokens) == (Spent(200, None), Spent(10**9, None))
    assert state.reached is None


# --- in a room ------------------------------------------------------------------------------------


def requests(bench: Workbench) -> int:
    return bench.rooms.care.quotas.state("local").requests.used


def tokens(bench: Workbench) -> int:
    return bench.rooms.care.quotas.state("local").tokens.used


def limited_bench(open_workbench: OpenWorkbench, *providers: Any, **care: int) -> Workbench:
    return open_workbench(*providers, care=care)


@pytest.mark.parametrize("limit", [1, 17, 49])
def test_of_fifty_at_once_exactly_the_limit_is_let_through(
    open_workbench: OpenWorkbench, limit: int
) -> None:
    bench = limited_bench(open_workbench, requests_a_minute=limit)
    together, refused = threading.Barrier(50), []

    def say(number: int) -> None:
        together.wait()
        try:
            bench.rooms.post(ROOM, f"@Ren {number}", sender="Yuki")
        except OverQuota as error:
            refused.append(error)

    threads = [threading.Thread(target=say, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bench.rooms.wait_idle(ROOM, 20)
    said = [line for line in bench.rooms.messages(ROOM, limit=200) if line.sender == "Yuki"]
    assert (len(said), len(refused)) == (limit, 50 - limit)


def test_the_same_message_again_is_free_also_when_nothing_is_left(
    open_workbench: OpenWorkbench,
) -> None:
    bench = limited_bench(open_workbench, requests_a_minute=1)
    first = bench.rooms.post(ROOM, "@Ren once", sender="Yuki", key="k")
    again = bench.rooms.post(ROOM, "@Ren once", sender="Yuki", key="k")
    assert (again.id, requests(bench)) == (first.id, 1)
    with pytest.raises(RequestsUsedUp):
        bench.rooms.post(ROOM, "@Ren twice", sender="Yuki", key="k2")


def test_what_could_not_be_said_is_free(open_workbench: OpenWorkbench) -> None:
    bench = limited_bench(open_workbench, requests_a_minute=2)
    bench.rooms.post(ROOM, "@Ren one", sender="Yuki", key="k")
    wrong: list[tuple[type[WorkbenchError], dict[str, Any]]] = [
        (RoomNotFound, {"ref": "nowhere"}),
        (IdempotencyConflict, {"key": "k"}),
        (WorkbenchError, {"sender": "Ren"}),
        (WorkbenchError, {"reply_to": 99}),
    ]
    for error, given in wrong:
        with pytest.raises(error):
            bench.rooms.post(**{"ref": ROOM, "content": "other", "sender": "Yuki", **given})
    assert requests(bench) == 1


def test_what_could_not_be_stored_is_free(
    open_workbench: OpenWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = limited_bench(open_workbench, requests_a_minute=1)
    run = bench.store._writer._savepoint

    def full(connection: Any, job: Any) -> None:
        run(connection, job)
        raise DiskFull(folder="/data")

    with monkeypatch.context() as patch:
        patch.setattr(bench.store._writer, "_savepoint", full)
        with pytest.raises(StorageError):
            bench.rooms.post(ROOM, "@Ren hello", sender="Yuki")
    assert requests(bench) == 0
    bench.rooms.post(ROOM, "@Ren hello", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)


def test_a_room_without_agents_costs_nothing(open_workbench: OpenWorkbench) -> None:
    bench = limited_bench(open_workbench, requests_a_minute=1)
    bench.rooms.create("people")
    for number in range(5):
        bench.rooms.post("people", f"line {number}", sender="Yuki")
    assert requests(bench) == 0


def test_a_refused_message_leaves_no_trace(open_workbench: OpenWorkbench) -> None:
    bench = limited_bench(open_workbench, requests_a_minute=1)
    bench.rooms.post(ROOM, "@Ren one", sender="Yuki")
    with pytest.raises(RequestsUsedUp):
        bench.rooms.post(ROOM, "@Ren two", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert [line.content for line in bench.rooms.messages(ROOM)][0::2] == ["@Ren one"]


def test_every_reply_of_the_round_is_paid_by_the_asker(open_workbench: OpenWorkbench) -> None:
    bench = open_workbench()
    bench.rooms.post(ROOM, "Hello all", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    # Three members, four pieces each; asked by somebody else, it is somebody else's.
    assert tokens(bench) == 12
    bench.rooms.post(ROOM, "@Ren hello", sender="Taro", owner="taro")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert tokens(bench) == 12
    assert bench.rooms.care.quotas.state("taro").tokens.used == 4


def test_a_stopped_reply_costs_what_was_said(open_workbench: OpenWorkbench) -> None:
    bench = open_workbench(ScriptedProvider({"starter": Script(["word "] * 500, pause_s=0.01)}))
    with bench.rooms.watch(ROOM, after=0) as watch:
        bench.rooms.post(ROOM, "@Ren go on", sender="Yuki")
        while (event := watch.get(5)) and event.type != "delta":
            pass
    bench.rooms.stop(ROOM)
    assert bench.rooms.wait_idle(ROOM, 5)
    reply = bench.rooms.messages(ROOM)[-1]
    assert reply.status is ReplyStatus.STOPPED
    assert 1 <= tokens(bench) < 500


def test_the_days_tokens_outlive_the_app(open_workbench: OpenWorkbench) -> None:
    bench = limited_bench(open_workbench, tokens_a_day=4)
    bench.rooms.post(ROOM, "@Ren hello", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    bench.close()
    bench = limited_bench(open_workbench, tokens_a_day=4)
    with pytest.raises(TokensUsedUp):
        bench.rooms.post(ROOM, "@Ren hello", sender="Yuki")
