"""Rooms over HTTP, on a real socket."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.store import tables as t
from tests.api.conftest import Served


def test_a_room_from_its_creation_to_its_restoration(served: Served) -> None:
    with served.client() as client:
        made = client.post("/api/v1/rooms", json={"name": "Kitchen"})
        assert made.status_code == 201
        room = made.json()["id"]
        assert client.get("/api/v1/rooms/Kitchen").json()["id"] == room
        renamed = client.patch(f"/api/v1/rooms/{room}", json={"name": "Garden"})
        assert renamed.json()["name"] == "Garden"
        assert room in [line["id"] for line in client.get("/api/v1/rooms").json()["rooms"]]
        assert client.delete(f"/api/v1/rooms/{room}").status_code == 204
        assert client.get(f"/api/v1/rooms/{room}").status_code == 404
        gone = client.get("/api/v1/rooms?deleted=true").json()["rooms"]
        assert [line["id"] for line in gone] == [room]
        assert client.post(f"/api/v1/rooms/{room}/restore").json()["name"] == "Garden"
        assert client.get("/api/v1/rooms/garden").status_code == 200


def test_what_is_said_is_stored_and_read_back(served: Served) -> None:
    room = served.room("salon")
    with served.client() as client:
        for number in range(3):
            body = {"room": "Salon", "sender": "Ada", "content": f"line {number}"}
            said = client.post("/api/message", json=body)
            assert said.status_code == 201
            assert said.json()["seq"] == number + 1
        everything = client.get("/api/messages", params={"room": room}).json()["messages"]
        assert [message["seq"] for message in everything] == [1, 2, 3]
        assert everything[0]["sender"] == "Ada"
        assert everything[0]["kind"] == "human"
        assert everything[0]["status"] == "complete"
        later = client.get("/api/messages", params={"room": room, "after": 1, "limit": 1})
        assert [message["seq"] for message in later.json()["messages"]] == [2]
        last = client.get("/api/messages", params={"room": room, "limit": 2})
        assert [message["seq"] for message in last.json()["messages"]] == [2, 3]


def test_the_agents_of_a_room_answer(served: Served) -> None:
    with served.client() as client:
        names = [agent["name"] for agent in client.get("/api/v1/agents").json()["agents"]]
        new = {"name": "Trio", "members": names[:3]}
        room = client.post("/api/v1/rooms", json=new).json()
        agents = client.get("/api/agents", params={"room": room["id"]}).json()["agents"]
        assert len(agents) == 3
        assert all(agent["kind"] == "agent" and agent["description"] for agent in agents)
        client.post("/api/message", json={"room": room["id"], "content": "Hello all"})
        assert served.bench.rooms.wait_idle(room["id"], 20)
        found = client.get("/api/messages", params={"room": room["id"]}).json()["messages"]
        assert [message["kind"] for message in found] == ["human", "agent", "agent", "agent"]
        assert {message["status"] for message in found} == {"complete"}


def test_one_key_fifty_times_in_parallel_is_one_row(served: Served) -> None:
    room = served.room()
    body = {"room": room, "sender": "Ada", "content": "once", "idempotency_key": "k1"}
    with served.client() as client, ThreadPoolExecutor(50) as pool:
        asked = [pool.submit(client.post, "/api/message", json=body) for _ in range(50)]
        answers = [each.result() for each in asked]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    with served.bench.store.read() as connection:
        rows = connection.execute(t.messages.select().where(t.messages.c.room_id == room)).all()
    assert len(rows) == 1
    with served.client() as client:
        other = client.post("/api/message", json=body | {"content": "twice"})
        assert other.status_code == 409
        assert other.json()["error"]["code"] == "idempotency_conflict"


def test_a_tombstone_keeps_the_numbers_gapless(served: Served) -> None:
    room = served.room()
    with served.client() as client:
        for number in range(3):
            client.post(f"/api/v1/rooms/{room}/messages", json={"content": f"{number}"})
        assert client.delete(f"/api/v1/rooms/{room}/messages/2").json()["deleted"] is True
        found = client.get(f"/api/v1/rooms/{room}/messages").json()["messages"]
    assert [(m["seq"], m["content"]) for m in found] == [(1, "0"), (2, ""), (3, "2")]


WRONG = [
    ("GET", "/api/messages?room=nowhere", None, 404, "room_not_found"),
    ("GET", "/api/messages", None, 422, "invalid_input"),
    ("GET", "/api/messages?room=quiet&after=-1", None, 422, "invalid_input"),
    ("GET", "/api/messages?room=quiet&after=99999999999999999999999", None, 422, "invalid_input"),
    ("GET", "/api/messages?room=quiet&limit=1001", None, 422, "invalid_input"),
    ("GET", "/api/nothing", None, 404, "not_found"),
    ("GET", "/v1/nothing", None, 404, "not_found"),
    ("PUT", "/api/message", "{}", 405, "invalid_input"),
    ("POST", "/api/message", "{", 422, "invalid_input"),
    ("POST", "/api/message", "[" * 100_000, 400, "invalid_input"),
    ("POST", "/api/message", b"\xff\xfe", 422, "invalid_input"),
    ("POST", "/api/message", '{"room": "quiet"}', 422, "invalid_input"),
    ("POST", "/api/message", '{"room": "quiet", "content": " "}', 422, "message_empty"),
    ("POST", "/api/message", '{"room": "quiet", "content": 7}', 422, "invalid_input"),
    ("POST", "/api/message", '{"room": "quiet", "content": "a\\u0000b"}', 422, "invalid_input"),
    ("POST", "/api/message", '{"room": "quiet", "content": "\\ud800"}', 422, "invalid_input"),
    ("POST", "/api/message", '{"room": "quiet", "content": "a", "x": 1}', 422, "invalid_input"),
    (
        "POST",
        "/api/message",
        '{"room": "quiet", "content": "a", "reply_to": 9}',
        422,
        "invalid_input",
    ),
    ("POST", "/api/v1/rooms", '{"name": "QUIET"}', 409, "name_taken"),
    ("POST", "/api/v1/rooms", '{"name": ""}', 422, "invalid_input"),
    ("POST", "/api/v1/rooms", '{"name": "x", "members": ["nobody"]}', 404, "agent_not_found"),
    ("GET", "/api/v1/rooms/quiet/messages/7", None, 404, "message_not_found"),
    ("GET", "/api/v1/rooms/quiet/messages/x", None, 422, "invalid_input"),
    ("GET", "/api/v1/agents/nobody", None, 404, "agent_not_found"),
]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_wrong_requests_get_a_sentence_and_a_next_step(served: Served, language: str) -> None:
    if language == "en":
        served.room("quiet")
    headers = {"Accept-Language": language, "Content-Type": "application/json"}
    with served.client(**headers) as client:
        for method, path, body, status, code in WRONG:
            answer = client.request(method, path, content=body)
            shown = f"{method} {path} {str(body)[:60]} -> {answer.status_code} {answer.text[:200]}"
            assert answer.status_code == status, shown
            error = answer.json()["error"]
            assert error["code"] == code, shown
            assert error["message"], shown
            assert error["hint"], shown


def test_a_missing_field_is_named(served: Served) -> None:
    with served.client() as client:
        answer = client.post("/api/message", json={"room": "quiet"})
    assert "content" in answer.json()["error"]["message"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(served: Served) -> None:
    room = served.room()
    long = {"room": room, "content": "x" * 40_000}
    with served.client() as client:
        assert client.post("/api/message", json=long).status_code == 413
        huge = client.post("/api/message", content=b"x" * 1_500_000)
        assert huge.status_code == 413
        assert huge.json()["error"]["code"] == "body_too_large"

    def chunks() -> object:
        for _ in range(200):
            yield b"x" * 10_000

    with served.client() as client:
        assert client.post("/api/message", content=chunks()).status_code == 413  # type: ignore[arg-type]


def test_an_announced_size_is_enough_to_refuse(served: Served) -> None:
    lines = (
        "POST /api/message HTTP/1.1",
        f"Host: 127.0.0.1:{served.port}",
        f"Authorization: Bearer {served.token}",
        "Content-Type: application/json",
        "Content-Length: 5000000",
        "\r\n",
    )
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as connection:
        connection.sendall("\r\n".join(lines).encode())  # and not one byte of the body
        assert b" 413 " in connection.recv(4096)


def test_the_description_names_every_path_as_it_is_called(served: Served) -> None:
    with served.client() as client:
        schema = client.get("/openapi.json").json()
    json.dumps(schema)
    assert {"/health", "/api/messages", "/api/message", "/api/v1/rooms/{room}"} <= set(
        schema["paths"]
    )
    for path, methods in schema["paths"].items():
        for method, described in methods.items():
            assert described.get("summary"), f"{method} {path} has no summary"


def test_agents_models_and_the_machine_are_described(served: Served) -> None:
    with served.client() as client:
        agents = client.get("/api/v1/agents").json()["agents"]
        assert len(agents) >= 3
        one = client.get(f"/api/v1/agents/{agents[0]['name']}").json()
        assert one == agents[0] | {"card_info": None}
        models = client.get("/api/v1/models").json()
        assert [model["ref"] for model in models["models"]] == ["starter"]
        assert client.get("/api/v1/models/starter").json()["provider"] == "starter"
        machine = client.get("/api/v1/hardware").json()
        assert 0 < machine["memory_used_bytes"] < machine["memory_total_bytes"]


def test_turns_are_taken_as_wanted_and_say_why(served: Served) -> None:
    with served.client() as client:
        names = [one["name"] for one in client.get("/api/v1/policies").json()["policies"]]
        assert len(names) == 8
        new = {"name": "Turns", "members": ["Ren", "Aki"], "policy": "manual"}
        room = client.post("/api/v1/rooms", json=new).json()
        assert room["policy"] == "manual"
        address = f"/api/v1/rooms/{room['id']}"
        assert client.post(f"{address}/next", json={"agent": "aki"}).status_code == 204
        assert served.bench.rooms.wait_idle(room["id"], 20)
        (said,) = client.get(f"{address}/messages").json()["messages"]
        assert (said["sender"], said["turn"]["why"]) == ("Aki", "you picked")
        japanese = client.get(f"{address}/messages", headers={"Accept-Language": "ja"}).json()
        assert japanese["messages"][0]["turn"]["why"] == "あなたが選びました"
        queue = client.get(f"{address}/queue").json()
        assert (queue["speaking"], queue["next"]) == (None, [])
        assert queue["rounds"][0]["state"] == "done"
        changed = client.patch(address, json={"policy": "named", "policy_options": {"turns": 2}})
        assert changed.json()["policy_options"] == {"turns": 2}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", "", {"policy": "loudest"}, 422),
        ("PATCH", "", {"policy": "named", "policy_options": {"turns": 99}}, 422),
        ("POST", "/next", {"agent": "Nobody"}, 404),
        ("POST", "/next", {}, 422),
    ],
)
def test_a_wrong_turn_is_refused(served: Served, method: str, path: str, body, status) -> None:
    room = served.room(f"refused {method}{path}{len(body)}{status}")
    with served.client() as client:
        found = client.request(method, f"/api/v1/rooms/{room}{path}", json=body)
        assert found.status_code == status
        assert found.json()["error"]["code"]
