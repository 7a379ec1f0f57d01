"""What reaches an outside agent: what was said while it was there, and whispers to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from core.messages import Message
from testing.scripted_model import Script, ScriptedProvider
from tests.api.conftest import Served
from tests.api.wire import Frame, eventually, receive, send, until
from tests.conftest import OpenWorkbench

SECRET = "the canary is blue"


@contextmanager
def joined(served: Served, room: str, name: str, **given: Any) -> Iterator[ClientConnection]:
    """A program that has brought one agent; its frames up to its own join are read."""
    with served.socket(room, **given) as socket:
        send(socket, type="join", agents=[{"name": name, "capabilities": ["chat"]}])
        until(socket, lambda frame: frame["type"] == "presence" and name in frame["members"])
        yield socket


def say(served: Served, room: str, text: str, *to: str) -> Message:
    return served.bench.rooms.post(room, text, sender="Yuki", to=to)


def heard(socket: ClientConnection, seq: int) -> dict[int, str]:
    """What came as words, by message, up to the final state of `seq`."""
    frames = until(socket, lambda frame: frame.get("seq") == seq and _final(frame))
    words: dict[int, str] = {}
    for frame in frames:
        if frame["type"] == "delta":
            words[frame["seq"]] = words.get(frame["seq"], "") + frame["text"]
        elif "content" in frame:
            words[frame["seq"]] = frame["content"]
            assert not (frame["hidden"] and frame["content"])
    return words


def _final(frame: Frame) -> bool:
    return frame.get("status", "pending") != "pending"


def test_a_whisper_and_its_answer_reach_nobody_else(served: Served) -> None:
    room = served.room()
    with (
        served.socket(room) as owner,
        joined(served, room, "Hana") as hana,
        joined(served, room, "Botan") as botan,
    ):
        asked = say(served, room, SECRET, "Hana").seq
        assert heard(hana, asked)[asked] == SECRET
        send(hana, type="delta", agent="Hana", reply_to=asked, text="I will ")
        send(hana, type="delta", agent="Hana", reply_to=asked, text="tell nobody")
        answer = {"agent": "Hana", "reply_to": asked, "content": "I will tell nobody"}
        send(hana, type="message", **answer)
        until(hana, lambda frame: frame.get("seq") == asked + 1 and _final(frame))
        again = say(served, room, "and aloud?").seq
        send(hana, type="message", agent="Hana", reply_to=asked, content="a whole whisper")
        last = again + 1
        open_ones = {again: "and aloud?"}
        whispered = {asked: SECRET, asked + 1: "I will tell nobody", last: "a whole whisper"}
        assert heard(owner, last) == {**whispered, **open_ones}
        silent = dict.fromkeys(whispered, "")
        assert heard(botan, last) == {**silent, **open_ones}
    assert served.bench.rooms.message(room, asked + 1).to == ("Yuki",)


@pytest.mark.parametrize("named", [True, False])
def test_who_was_away_has_missed_that_part(served: Served, named: bool) -> None:
    room = served.room()
    with joined(served, room, "Hana") as hana:
        first = say(served, room, "first apricot").seq
        frames = until(hana, lambda frame: frame.get("seq") == first)
    eventually(lambda: served.bench.rooms.get(room).members == ())
    say(served, room, SECRET)
    given = {"cursor": frames[-1]["event"] - 1, **({"as": "Hana"} if named else {})}
    with served.socket(room, **given) as hana:
        send(hana, type="join", agents=[{"name": "Hana"}])
        until(hana, lambda frame: frame["type"] == "presence" and "Hana" in frame["members"])
        last = say(served, room, "third cherry").seq
        until(hana, lambda frame: frame.get("seq") == last)
    with served.socket(room, after=0, **{"as": "Hana"}) as resumed:
        found = heard(resumed, last)
    assert found == {first: "first apricot", first + 1: "", last: "third cherry"}


@pytest.mark.parametrize("named", [True, False])
def test_the_past_is_not_told_while_somebody_comes_back(served: Served, named: bool) -> None:
    room = served.room()
    with joined(served, room, "Hana"):
        pass
    eventually(lambda: served.bench.rooms.get(room).members == ())
    missed = say(served, room, SECRET).seq
    given = {"after": 0, **({"as": "Hana"} if named else {})}
    with served.socket(room, **given) as hana:
        send(hana, type="join", agents=[{"name": "Hana"}])
        frames = until(hana, lambda frame: frame.get("seq") == missed)
        assert [frame["content"] for frame in frames if "content" in frame] == [""]


def test_lists_and_files_tell_a_member_what_it_heard(served: Served) -> None:
    room = served.room()
    say(served, room, "before anybody came")
    with joined(served, room, "Hana"), joined(served, room, "Botan"):
        say(served, room, "hello both")
        say(served, room, SECRET, "Botan")
        with served.client() as client:
            for path in ("/api/messages", f"/api/v1/rooms/{room}/messages"):
                for name, words in (
                    ("Hana", ["", "hello both", ""]),
                    ("botan", ["", "hello both", SECRET]),
                    ("Never", ["", "", ""]),
                    ("Yuki", ["before anybody came", "hello both", SECRET]),
                ):
                    given = client.get(path, params={"room": room, "as": name}).json()
                    assert [one["content"] for one in given["messages"]] == words, (path, name)
            one = client.get(f"/api/v1/rooms/{room}/messages/3", params={"as": "Hana"}).json()
            assert (one["content"], one["hidden"]) == ("", True)
            whole = client.get(f"/api/v1/rooms/{room}/export")
            assert SECRET in whole.text
            part = client.get(f"/api/v1/rooms/{room}/export", params={"as": "Hana"})
            assert SECRET not in part.text
            assert "hello both" in part.text
            copy = {"document": part.json(), "name": f"copy of {room}"}
            assert client.post("/api/v1/rooms/import", json=copy).status_code == 201


def test_versions_and_prompts_tell_a_member_no_more_than_it_heard(served: Served) -> None:
    room = served.bench.rooms.create("versions", ["Ren"]).id
    with joined(served, room, "Hana"):
        asked = say(served, room, SECRET, "Ren").seq
        assert served.bench.rooms.wait_idle(room, 10)
        served.bench.rooms.editing.edit(room, asked, "the canary is green")
        served.bench.rooms.editing.pin(room, asked, pinned=True)
        base = f"/api/v1/rooms/{room}"
        with served.client() as client:

            def read(path: str, name: str) -> Any:
                return client.get(base + path, params={"as": name}).json()

            for name, knows in (("Hana", False), ("ren", True), ("Yuki", True)):
                assert ("canary" in str(read("/pins", name))) is knows, name
                assert (read(f"/messages/{asked}/edits", name)["edits"] != []) is knows, name
                answers = read(f"/messages/{asked + 1}/variants", name)["variants"]
                assert (answers != []) is knows, name
            for name, knows in (("Hana", False), ("Yuki", False), ("ren", True)):
                given = read(f"/messages/{asked + 1}/prompt", name)
                assert ("canary" in str(given)) is knows, name
            assert client.get(f"{base}/messages/{asked + 1}/prompt").status_code == 200


def test_the_queue_tells_why_only_to_whom_it_is_about(
    open_workbench: OpenWorkbench, serve: Callable[..., Served]
) -> None:
    hold = threading.Event()
    served = serve(open_workbench(ScriptedProvider({"starter": Script(hold=hold)})))
    room = served.bench.rooms.create("waiting", ["Ren", "Aki"]).id
    say(served, room, "hello")
    eventually(lambda: served.bench.rooms.presence(room).seq is not None)
    with served.client() as client:

        def why(*names: str) -> str | None:
            given = client.get(f"/api/v1/rooms/{room}/queue", params={"as": names}).json()
            (coming,) = given["next"]
            assert (given["speaking"], coming["agent"]) == ("Ren", "Aki")
            return coming["why"]

        assert why() == why("aki") == why("Ren", "Aki") == "next in order"
        assert why("Ren") is why("Yuki") is None
    hold.set()
    assert served.bench.rooms.wait_idle(room, 10)


def test_a_broken_connection_is_no_goodbye(served: Served) -> None:
    room = served.room()
    with joined(served, room, "Hana") as hana:
        hana.socket.shutdown(2)  # without a word
        eventually(lambda: [one.away for one in served.bench.rooms.get(room).members] == [True])
    said = say(served, room, "while you were cut off").seq
    with joined(served, room, "Hana"):
        (member,) = served.bench.rooms.get(room).members
        assert not member.away
        with served.socket(room, after=0, **{"as": "Hana"}) as resumed:
            assert heard(resumed, said) == {said: "while you were cut off"}


def test_who_misses_heartbeats_is_away_until_heard_of(served: Served) -> None:
    room = served.room()
    with served.socket(room) as listener, served.socket(room) as hana:
        send(hana, type="join", agents=[{"name": "Hana"}], heartbeat_s=0.1)
        assert receive(listener)["away"] == []
        assert receive(listener)["away"] == ["Hana"]
        send(hana, type="heartbeat")
        assert receive(listener)["away"] == []
        send(hana, type="leave")
        gone = until(listener, lambda frame: not frame["members"])
        assert gone[-1]["type"] == "presence"


def test_a_join_that_is_refused_leaves_the_client_as_it_was(served: Served) -> None:
    room = served.room()
    with joined(served, room, "Hana"), served.socket(room) as other:
        send(other, type="join", agents=[{"name": "hana"}])
        refused = until(other, lambda frame: frame["type"] == "error")
        assert refused[-1]["code"] == "name_taken"
        said = say(served, room, "still the owner's").seq
        assert heard(other, said) == {said: "still the owner's"}


def test_a_turn_is_offered_over_the_socket_and_answered_once(served: Served) -> None:
    room = served.room()
    with served.socket(room) as listener, served.socket(room) as hana:
        send(hana, type="join", agents=[{"name": "Hana", "capabilities": ["turns", "tea"]}])
        assert receive(listener)["members"] == ["Hana"]
        with served.client() as client:
            (seat,) = client.get("/api/agents", params={"room": room}).json()["agents"]
        assert (seat["capabilities"], seat["away"]) == (["turns", "tea"], False)
        for number in range(2):
            asked = say(served, room, f"question {number}").seq
            turn = until(hana, lambda frame: frame["type"] == "turn")[-1]
            assert (turn["agent"], turn["seq"], turn["reply_to"]) == ("Hana", asked + 1, asked)
            send(hana, type="delta", agent="Hana", reply_to=asked, text="answer ")
            answer = {"agent": "Hana", "reply_to": asked, "content": f"answer {number}"}
            for _time in range(2):
                send(hana, type="message", idempotency_key=f"k{number}", **answer)
            assert heard(listener, asked + 1)[asked + 1] == f"answer {number}"
        told = served.bench.rooms.messages(room)
        assert [one.content for one in told if one.kind == "external"] == ["answer 0", "answer 1"]
        assert all(one.turn for one in told if one.kind == "external")


def test_a_vote_is_asked_for_over_the_socket(served: Served) -> None:
    room = served.bench.rooms.create("votes", ["Mizuho", "Ren"], "vote").id
    with served.socket(room) as hana:
        send(hana, type="join", agents=[{"name": "Hana", "capabilities": ["turns", "ballots"]}])
        until(hana, lambda frame: "Hana" in frame.get("members", ()))
        asked = say(served, room, "who knows?").seq
        ballot = until(hana, lambda frame: frame["type"] == "ballot")[-1]
        assert ballot["choices"] == ["Mizuho", "Ren"]
        vote = {"type": "vote", "agent": "Hana", "ballot": ballot["ballot"]}
        send(hana, **vote, choice="Nobody")
        assert until(hana, lambda frame: frame["type"] == "error")[-1]["code"] == "invalid_input"
        send(hana, **vote, choice="Ren")
        assert heard(hana, asked + 1)
    said = served.bench.rooms.message(room, asked + 1)
    assert said.turn is not None
    assert (said.sender, said.turn["code"]) == ("Ren", "voted")
