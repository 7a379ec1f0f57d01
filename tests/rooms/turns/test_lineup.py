"""The queue before a model server: models stay in memory, and no room starves."""

from __future__ import annotations

import threading
import time

import pytest

from core.providers.base import Place
from core.rooms.turns.lineup import PATIENCE, Queue, Waiting, choose

SERVER = Place("server", limited=True, parallel=1)


def waiting(*given: tuple[str, str, int]) -> list[Waiting]:
    return [
        Waiting(room, "somebody", model, number, passed)
        for number, (room, model, passed) in enumerate(given)
    ]


@pytest.mark.parametrize(
    ("given", "served", "expected"),
    [
        ([], {}, None),
        ([("r1", "b", 0), ("r2", "a", 0)], {}, "r2"),  # its model is in memory
        ([("r1", "b", PATIENCE), ("r2", "a", 0)], {}, "r1"),  # waited long enough
        ([("r1", "b", PATIENCE), ("r2", "a", PATIENCE + 3)], {}, "r1"),  # the oldest of those
        ([("r1", "a", 0), ("r2", "a", 0)], {"r1": 9, "r2": 3}, "r2"),  # served longest ago
        ([("r1", "a", 0), ("r2", "a", 0)], {"r1": 9}, "r2"),  # never served
    ],
)
def test_who_is_next(given, served, expected):
    chosen = choose(waiting(*given), frozenset({"a"}), served)
    assert (chosen.room if chosen else None) == expected


def test_a_ticket_that_has_ended_takes_no_place():
    """Somebody may still hold it: a transaction that is run once more, say."""
    queue = Queue(lambda _place: frozenset())
    with queue.ticket("first") as ticket:
        assert ticket.try_take(SERVER, "a", "x")
    assert not ticket.try_take(SERVER, "a", "x")
    assert not ticket.take(SERVER, "a", "x", lambda: True)
    assert queue.ticket("second").try_take(SERVER, "a", "x")


def test_a_storm_of_one_model_starves_nobody():
    """Twenty rooms want the model in memory again and again; one wants another."""
    queue, order = Queue(lambda _place: frozenset({"a"})), []
    first = queue.ticket("holder")
    assert first.take(SERVER, "a", "x", lambda: True)
    stop = threading.Event()

    def want(room: str, model: str, times: int) -> None:
        for _ in range(times):
            with queue.ticket(room) as ticket:
                if ticket.take(SERVER, model, "x", lambda: not stop.is_set()):
                    order.append(model)
                    time.sleep(0.001)

    rooms = [threading.Thread(target=want, args=(f"r{n}", "a", 10)) for n in range(20)]
    lonely = threading.Thread(target=want, args=("lonely", "b", 1))
    lonely.start()
    _until(lambda: bool(queue.waiting()))
    for room in rooms:
        room.start()
    _until(lambda: len(queue.waiting()["server"]) == 21)
    first.release()
    lonely.join(10)
    stop.set()
    for room in rooms:
        room.join(10)
    assert order.index("b") <= PATIENCE


def test_same_model_turns_run_side_by_side_as_the_server_can():
    queue, place = Queue(), Place("server", limited=True, parallel=2)
    one, two, three = (queue.ticket(name) for name in "123")
    assert one.try_take(place, "a", "x")
    assert two.try_take(place, "a", "x")
    assert not three.try_take(place, "a", "x")
    one.release()
    assert not three.try_take(place, "b", "x")  # it would displace what still runs
    two.release()
    assert three.try_take(place, "b", "x")


def test_models_that_are_both_in_memory_run_beside_each_other():
    queue = Queue(lambda _place: frozenset({"a", "b"}))
    assert queue.ticket("1").try_take(SERVER, "a", "x")
    assert queue.ticket("2").try_take(SERVER, "b", "x")
    assert not queue.ticket("3").try_take(SERVER, "c", "x")


def test_who_is_not_wanted_any_more_leaves_the_queue():
    queue = Queue()
    holder = queue.ticket("holder")
    assert holder.take(SERVER, "a", "x", lambda: True)
    began = time.monotonic()
    until = began + 0.2
    assert not queue.ticket("late").take(SERVER, "a", "x", lambda: time.monotonic() < until)
    assert time.monotonic() - began < 2
    assert queue.waiting() == {}
    holder.release()


def _until(condition, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)
