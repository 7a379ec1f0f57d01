"""What the machine was like stays: seconds for an hour, minutes for a week, few commits."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from core.hardware.history import KEPT_S, MINUTE, SECOND, History
from core.hardware.series import Point, means
from core.paths import DataPaths
from core.store import Store

START = 1_800_000_000.0  # a full minute


@pytest.fixture
def store(data_paths: DataPaths) -> Iterator[Store]:
    opened = Store.open(data_paths)
    yield opened
    opened.close()


def lived(history: History, seconds: int, start: float = START) -> None:
    for number in range(seconds):
        history.add(Point(start + number + 0.3, {"cpu_percent": float(number % 60)}))
    history.flush()


def stored(store: Store) -> None:
    """Everything that was handed to the writer is in the database."""
    store.write(lambda _connection: None)


def commits(store: Store) -> int:
    """How many commits the database has had."""
    with store.read() as connection:
        return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def test_seconds_and_minutes_come_back_after_a_restart(store: Store) -> None:
    lived(History(store), 180)
    stored(store)
    again = History(store)
    seconds = again.seconds(START)
    assert [point.at for point in seconds] == [START + number for number in range(180)]
    assert seconds[7].values == {"cpu_percent": 7}
    minutes = again.minutes(START)
    assert [(point.at, point.values) for point in minutes] == [
        (START + 60 * number, {"cpu_percent": 29.5}) for number in range(3)
    ]


def test_what_is_not_stored_yet_is_there_too(store: Store) -> None:
    history = History(store)
    for number in range(90):
        history.add(Point(START + number, {"power_watts": 40.0}))
    stored(store)
    assert len(history.seconds(START)) == 90
    assert [point.at for point in history.minutes(START)] == [START, START + 60]
    assert len(history.seconds(START + 80)) == 10


def test_a_minute_is_one_commit(store: Store) -> None:
    history = History(store)
    before = commits(store)
    for number in range(300):
        history.add(Point(START + number, {"cpu_percent": 1.0}))
    stored(store)
    assert commits(store) - before <= 4 + 1
    assert len(History(store).seconds(START)) == 240


def test_old_seconds_and_minutes_are_pruned(store: Store) -> None:
    history = History(store)
    week_ago, hour_ago = START - KEPT_S[MINUTE] - 120, START - KEPT_S[SECOND] - 120
    lived(history, 60, week_ago)
    lived(history, 60, hour_ago)
    lived(history, 60)
    stored(store)
    again = History(store)
    assert [point.at for point in again.seconds(0)] == [START + number for number in range(60)]
    assert [point.at for point in again.minutes(0)] == [hour_ago, START]


def test_a_clock_that_was_set_back_breaks_nothing(store: Store) -> None:
    history = History(store)
    lived(history, 60)
    lived(history, 60)
    stored(store)
    assert len(History(store).seconds(START)) == 60


def test_a_closed_store_is_no_reason_to_fail(data_paths: DataPaths) -> None:
    store = Store.open(data_paths)
    history = History(store)
    store.close()
    lived(history, 61)


def test_an_hour_is_read_quickly(store: Store) -> None:
    lived(History(store), 3600)
    stored(store)
    began = time.process_time()
    assert len(History(store).seconds(START)) == 3600
    assert time.process_time() - began < 1


def test_unknown_numbers_do_not_count_as_zero() -> None:
    points = [Point(0, {"a": 10.0}), Point(1, {}), Point(2, {"a": 20.0})]
    assert means(points, 60) == [Point(0, {"a": 15})]


def test_a_model_that_was_there_half_of_the_time() -> None:
    there = {"model.ollama:tiny.resident": 1, "model.ollama:tiny.vram_bytes": 500.0}
    (mean,) = means([Point(0, there), Point(1, {})], 60)
    assert mean.values == {"model.ollama:tiny.resident": 0.5, "model.ollama:tiny.vram_bytes": 500}


def test_where_nothing_was_measured_there_is_no_point() -> None:
    found = means([Point(5, {"a": 1.0}), Point(65, {"a": 3.0}), Point(190, {"a": 5.0})], 60)
    assert [point.at for point in found] == [0, 60, 180]
