"""Reading and writing, as the rest of core relies on it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import pytest
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from core.errors import StorageError
from core.paths import DataPaths
from core.store import Store, times
from core.store.tables import messages, preferences, rooms
from testing import writing


def count(store: Store) -> int:
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(messages)).scalar_one()


def remember(name: str, value: object = 1) -> object:
    return lambda connection: (
        connection.execute(insert(preferences).values(name=name, value=value)).rowcount
    )


def test_what_was_written_is_read(store: Store) -> None:
    identity = writing.write_line(store)
    assert writing.stored(store) == [(1, identity, identity * 8)]


def test_write_returns_what_the_work_returns(store: Store) -> None:
    assert store.write(lambda _connection: "done") == "done"


def test_a_failing_work_fails_alone(store: Store) -> None:
    """In one transaction with good works, only its own savepoint is rolled back."""
    gate = threading.Event()
    store.submit(lambda _connection: gate.wait(5))

    def break_after_writing(connection: Connection) -> None:
        connection.execute(insert(preferences).values(name="half", value=1))
        raise ValueError("as planned")

    before = store.submit(lambda c: writing.add_line(c, "a"))
    bad = store.submit(break_after_writing)
    after = store.submit(lambda c: writing.add_line(c, "b"))
    gate.set()
    before.result(5)
    after.result(5)
    with pytest.raises(ValueError, match="as planned"):
        bad.result(5)
    with store.read() as connection:
        assert connection.execute(select(preferences.c.name)).all() == []
    assert [identity for _seq, identity, _content in writing.stored(store)] == ["a", "b"]
    assert store.problem is None


def test_a_constraint_is_the_works_own_error(store: Store) -> None:
    with pytest.raises(IntegrityError):
        store.write(
            lambda c: c.execute(
                update(rooms).values(name=None)  # NOT NULL
            )
        )
    assert store.problem is None


def test_foreign_keys_are_enforced(store: Store) -> None:
    with pytest.raises(IntegrityError):
        store.write(
            lambda c: c.execute(
                insert(messages).values(
                    **{"id": "x", "room_id": "nowhere", "seq": 1, "sender": "You"},
                    **{"kind": "human", "content": "", "status": "complete"},
                    created_at=times.now(),
                )
            )
        )


def test_works_that_wait_share_one_commit(store: Store) -> None:
    def commits() -> int:
        with store.read() as connection:
            return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())

    gate = threading.Event()
    first = store.submit(lambda _connection: gate.wait(5))
    time.sleep(0.05)
    before = commits()
    works: list[Future[None]] = [
        store.submit(lambda c, n=n: writing.add_line(c, f"id{n}")) for n in range(100)
    ]
    gate.set()
    for future in [first, *works]:
        future.result(5)
    assert commits() - before == 2
    assert count(store) == 100


def test_a_work_that_joins_shares_the_commit(store: Store) -> None:
    joined: list[Future[int]] = []

    def first(connection: Connection) -> int:
        joined.append(store.join(commits))
        return commits(connection)

    def commits(connection: Connection) -> int:
        return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())

    assert store.write(first) == joined[0].result(5)
    assert store.write(commits) == joined[0].result() + 1


def test_a_work_that_joins_fails_alone(store: Store) -> None:
    def breaks(connection: Connection) -> None:
        connection.execute(insert(preferences).values(name="half", value=1))
        raise ValueError("as planned")

    def first(connection: Connection) -> Future[None]:
        writing.add_line(connection, "a")
        return store.join(breaks)

    with pytest.raises(ValueError, match="as planned"):
        store.write(first).result(5)
    assert [identity for _seq, identity, _content in writing.stored(store)] == ["a"]
    with store.read() as connection:
        assert connection.execute(select(preferences.c.name)).all() == []


def test_nothing_joins_where_no_work_is_under_way(store: Store) -> None:
    with pytest.raises(RuntimeError):
        store.join(lambda _connection: None)


def test_a_reader_never_waits_for_the_writer(store: Store) -> None:
    gate = threading.Event()
    writing_now = store.submit(lambda c: (writing.add_line(c, "slow"), gate.wait(10)))
    started = time.perf_counter()
    assert count(store) == 0
    assert time.perf_counter() - started < 0.5
    gate.set()
    writing_now.result(5)
    assert count(store) == 1


def test_a_reader_sees_one_moment(store: Store) -> None:
    with store.read() as connection:
        query = select(func.count()).select_from(messages)
        before = connection.execute(query).scalar_one()
        writing.write_line(store)
        assert connection.execute(query).scalar_one() == before


def test_many_readers_at_once(store: Store) -> None:
    writing.write_line(store)
    everybody = threading.Barrier(40)
    seen: list[int] = []

    def look() -> None:
        with store.read() as connection:
            everybody.wait(10)
            seen.append(connection.execute(select(func.count()).select_from(messages)).scalar_one())

    threads = [threading.Thread(target=look) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 40


def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises((OperationalError, StorageError)), store.read() as connection:
        connection.execute(insert(preferences).values(name="x", value=1))


def test_writing_inside_a_work_is_refused_instead_of_waiting_for_itself(store: Store) -> None:
    with pytest.raises(RuntimeError, match="wait for itself"):
        store.write(lambda _connection: store.write(lambda _c: None))


def test_closing_stores_what_is_queued(data_paths: DataPaths) -> None:
    store = Store.open(data_paths)
    store.write(writing.ensure_room)
    works = [store.submit(lambda c, n=n: writing.add_line(c, f"id{n}")) for n in range(700)]
    store.close()
    assert all(work.exception() is None for work in works)
    assert not data_paths.database.with_name("engawa.db-wal").exists()
    again = Store.open(data_paths)
    assert count(again) == 700
    assert again.report == type(again.report)()
    again.close()


def test_after_closing_writing_is_refused(data_paths: DataPaths) -> None:
    store = Store.open(data_paths)
    store.close()
    store.close()
    with pytest.raises(StorageError):
        store.write(lambda _connection: None)


def test_japanese_and_structures_come_back_unchanged(store: Store) -> None:
    value = {"言葉": ["縁側", "🐈", None, 1.5], "nul": "a\0b"}
    store.write(remember("x", value))  # type: ignore[arg-type]
    with store.read() as connection:
        assert connection.execute(select(preferences.c.value)).scalar_one() == value


def test_times_sort_as_text_and_come_back() -> None:
    first, second = times.now(), times.now()
    assert first <= second
    assert times.to_text(times.from_text(first)) == first
