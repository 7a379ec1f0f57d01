"""Many who do the same thing at the same moment, over real sockets (FAULTS 30 and 32)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from core.store import tables as t
from tests.api.conftest import Served
from tests.api.wire import receive, send, until

EDITORS = 20
AGENT = "/api/v1/agents"


def at_once(number: int, work: Callable[[int], Any]) -> list[Any]:
    """What came of calling `work(0)` … `work(number - 1)` at the same moment."""
    ready = threading.Barrier(number)

    def begin(one: int) -> Any:
        ready.wait(30)
        return work(one)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(begin, range(number)))


def test_one_key_through_both_doors_is_one_row_and_one_event(served: Served) -> None:
    """FAULTS 30: twenty-five sockets and as many requests of one person say it at once."""
    room = served.room()
    said = {"content": "once", "sender": "Ada", "idempotency_key": "k1"}
    with ExitStack() as opened:
        sockets = [opened.enter_context(served.socket(room)) for _ in range(25)]
        client = opened.enter_context(served.client())
        before = served.bench.rooms.get(room).last_event

        def say(number: int) -> int:
            if number < len(sockets):
                send(sockets[number], type="message", **said)
                return 201
            return client.post("/api/message", json={"room": room, **said}).status_code

        assert set(at_once(50, say)) == {201}
        with served.client() as last:
            last.post("/api/message", json={"room": room, "content": "last"})
        for socket in sockets:
            frames = until(socket, lambda frame: frame.get("seq") == 2)
            assert {(one["type"], one["seq"]) for one in frames} == {("message", 1), ("message", 2)}
            assert len({one["event"] for one in frames}) == 2
    with served.bench.store.read() as connection:
        rows = connection.execute(t.messages.select().where(t.messages.c.room_id == room)).all()
    assert [row.content for row in rows] == ["once", "last"]
    assert served.bench.rooms.get(room).last_event - before == 2


def test_of_two_messages_under_one_key_one_is_stored(served: Served) -> None:
    """FAULTS 30, its other half: the same key with other words is a conflict, whoever is first."""
    room = served.room()

    def say(number: int) -> None:
        content = ("tea", "coffee")[number % 2]
        with served.socket(room) as socket:
            send(socket, type="message", content=content, sender="Ada", idempotency_key="k")
            receive(socket)

    at_once(20, say)
    (stored,) = served.bench.rooms.messages(room)
    other = "coffee" if stored.content == "tea" else "tea"
    with served.client() as client:
        body = {"room": room, "sender": "Ada", "idempotency_key": "k"}
        again = client.post("/api/message", json=body | {"content": stored.content})
        assert (again.status_code, again.json()["seq"]) == (201, 1)
        refused = client.post("/api/message", json=body | {"content": other})
        assert refused.json()["error"]["code"] == "idempotency_conflict"


def test_of_many_editors_of_one_agent_one_wins_and_the_others_are_told(served: Served) -> None:
    """FAULTS 32: a conflict for all but one; nothing of theirs is there, and nothing of it lost."""
    name = "Hana of many"
    with served.client() as client:
        seen = client.post(AGENT, json={"name": name, "body": "first"}).json()["revision"]

        def edit(number: int) -> tuple[int, int]:
            with served.client() as mine:
                change = {"body": f"by {number}", "revision": seen}
                return number, mine.patch(f"{AGENT}/{name}", json=change).status_code

        ends = at_once(EDITORS, edit)
        assert Counter(code for _number, code in ends) == {200: 1, 409: EDITORS - 1}
        (winner,) = [number for number, code in ends if code == 200]
        assert client.get(f"{AGENT}/{name}").json()["body"] == f"by {winner}"
        kept = client.get(f"{AGENT}/{name}/versions").json()["versions"]
        assert [one["version"] for one in kept] == [2, 1]


def test_an_editor_and_one_who_deletes(served: Served) -> None:
    """FAULTS 32: whoever comes second is told; an agent that is gone is not saved back."""
    for number in range(8):  # who comes first is chance
        name = f"Hana {number} of two"
        with served.client() as client:
            seen = client.post(AGENT, json={"name": name, "body": "first"}).json()["revision"]

        def change(who: int, name: str = name, seen: str = seen) -> int:
            with served.client() as mine:
                if who:
                    given = {"revision": seen}
                    return mine.delete(f"{AGENT}/{name}", params=given).status_code
                body = {"body": "second", "revision": seen}
                return mine.patch(f"{AGENT}/{name}", json=body).status_code

        edited, deleted = at_once(2, change)
        with served.client() as client:
            there = client.get(f"{AGENT}/{name}")
        if there.status_code == 200:
            assert (edited, deleted, there.json()["body"]) == (200, 409, "second")
        else:
            assert (deleted, there.status_code) == (204, 404)
            assert edited in (404, 409)
