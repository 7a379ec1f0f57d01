"""The WebSocket of a room, on a real port."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import InvalidStatus

from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.api.conftest import Served
from tests.api.wire import eventually, receive, send, until


def test_a_message_comes_back_as_its_own_event(served: Served) -> None:
    room = served.room()
    with served.socket(room) as one, served.socket(room) as other:
        send(one, type="message", content="Hello", sender="Ada", idempotency_key="a")
        for frame in (receive(one), receive(other)):
            assert frame["type"] == "message"
            assert frame["room"] == room
            assert (frame["seq"], frame["content"], frame["sender"]) == (1, "Hello", "Ada")
        send(one, type="message", content="Hello", sender="Ada", idempotency_key="a")
        assert receive(one)["seq"] == 1
        send(one, type="message", content="Else", sender="Ada", idempotency_key="a")
        assert receive(one)["code"] == "idempotency_conflict"
        send(one, type="message", content="Next")
        assert [frame["seq"] for frame in (receive(one), receive(other))] == [2, 2]
    assert len(served.bench.rooms.messages(room)) == 2


def test_events_are_numbered_without_a_gap_and_deltas_make_up_the_text(
    open_workbench: Callable[..., Workbench], serve: Callable[..., Served]
) -> None:
    pieces = ("Spring ", "縁側", "で ", "tea 🍵", ".")
    served = serve(open_workbench(ScriptedProvider({"starter": Script(pieces, pause_s=0.05)})))
    agent = served.bench.agents.list()[0].name
    room = served.bench.rooms.create("talk", [agent])
    with served.socket(room.id, cursor=room.last_event) as socket:
        send(socket, type="message", content="Hi")
        seen = until(socket, lambda f: f["type"] == "status" and f["status"] == "complete")
    numbers = [frame["event"] for frame in seen]
    assert numbers == list(range(room.last_event + 1, room.last_event + 1 + len(seen)))
    text = ""
    for delta in (frame for frame in seen if frame["type"] == "delta"):
        assert delta["offset"] == len(text)
        text += delta["text"]
    final = seen[-1]
    assert text == final["content"] == "".join(pieces)
    assert served.bench.rooms.message(room.id, final["seq"]).content == text


def test_a_late_subscriber_sees_the_unfinished_message_in_full(
    open_workbench: Callable[..., Workbench], serve: Callable[..., Served]
) -> None:
    pieces = [f"{number} " for number in range(30)]
    served = serve(open_workbench(ScriptedProvider({"starter": Script(pieces, pause_s=0.05)})))
    room = served.bench.rooms.create("talk", [served.bench.agents.list()[0].name])
    with served.socket(room.id) as early:
        send(early, type="message", content="Hi")
        until(early, lambda frame: frame["type"] == "delta" and frame["offset"] > 5)
        with served.socket(room.id, after=2) as late:
            first = receive(late)
            assert (first["type"], first["seq"], first["status"]) == ("message", 2, "pending")
            text = first["content"]
            assert text
            for frame in until(late, lambda f: f["type"] == "status"):
                if frame["type"] == "delta":
                    assert frame["offset"] == len(text)
                    text += frame["text"]
            assert text == "".join(pieces).strip() or text == "".join(pieces)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"room": "nowhere"}, 404, "room_not_found"),
        ({"room": ""}, 404, "room_not_found"),
        ({"after": "x"}, 422, "invalid_input"),
        ({"after": "-1"}, 422, "invalid_input"),
        ({"cursor": "9" * 40}, 422, "invalid_input"),
        ({"cursor": "１"}, 422, "invalid_input"),
    ],
)
def test_a_wrong_address_is_refused_with_a_sentence(
    served: Served, query: dict[str, str], status: int, code: str
) -> None:
    room = query.get("room", served.room())
    with pytest.raises(InvalidStatus) as refused:
        served.socket(room, **{name: v for name, v in query.items() if name != "room"})
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body or b"")["error"]["code"] == code


def test_an_outside_agent_joins_streams_and_leaves(served: Served) -> None:
    room = served.room()
    with served.socket(room) as listener:
        with served.socket(room) as outside:
            agents = [{"name": "Crow", "capabilities": ["riddles"]}]
            send(outside, type="join", agents=agents)
            receive(listener)
            with served.client() as client:
                seated = client.get("/api/agents", params={"room": room}).json()["agents"]
            assert [(one["name"], one["kind"]) for one in seated] == [("Crow", "external")]
            send(listener, type="message", content="A riddle?")
            until(listener, lambda frame: frame["type"] == "message")
            send(outside, type="delta", agent="Crow", reply_to=1, text="What has ")
            send(outside, type="delta", agent="Crow", reply_to=1, text="keys?")
            send(outside, type="message", agent="Crow", content="What has keys?", reply_to=1)
            seen = until(listener, lambda frame: frame.get("status") == "complete")
            assert seen[0]["status"] == "pending"
            assert seen[-1]["content"] == "What has keys?"
            send(outside, type="delta", agent="Crow", reply_to=1, text="A pia")
            until(listener, lambda frame: frame["type"] == "delta")
        cut = until(listener, lambda frame: frame.get("status") == "partial")
        assert cut[-1]["content"] == "A pia"
    eventually(lambda: served.bench.rooms.get(room).members == ())


@pytest.fixture
def _quiet_threads() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() <= before + 20


@pytest.mark.usefixtures("_quiet_threads")
def test_sockets_that_come_and_go_leave_nothing_behind(served: Served) -> None:
    room = served.room()
    for _ in range(60):
        with served.socket(room):
            pass
    log = served.bench.rooms._logs.of(room)
    eventually(lambda: log.watchers == 0)
