"""A room of 10,000 messages answers as fast as an empty one."""

from __future__ import annotations

import pytest

from testing.long_room import MEMBERS, long_room
from testing.timing import medians_ms
from tests.api.conftest import Served

LINES = 10_000
RATIO, SLACK_MS = 3, 50  # generous: the machine may be busy


@pytest.fixture(scope="module", autouse=True)
def _rooms(served: Served) -> None:
    served.bench.rooms.create("empty", MEMBERS)
    long_room(served.bench.rooms, "long", LINES)


def test_its_last_messages_are_read_as_fast(served: Served) -> None:
    with served.client() as client:

        def read(room: str) -> int:
            answer = client.get("/api/messages", params={"room": room}).raise_for_status()
            return len(answer.json()["messages"])

        assert (read("empty"), read("long")) == (0, 100)
        empty, long = medians_ms(lambda: read("empty"), lambda: read("long"))
    assert long <= RATIO * empty + SLACK_MS


def test_a_socket_that_knows_all_of_it_opens_as_fast(served: Served) -> None:
    """The way of the page: it has drawn everything and asks for what comes after."""

    def listen(room: str, after: int) -> None:
        with served.socket(room, after=after) as socket:
            socket.socket.close()

    empty, long = medians_ms(lambda: listen("empty", 0), lambda: listen("long", LINES))
    assert long <= RATIO * empty + SLACK_MS
