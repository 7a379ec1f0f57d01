"""Quotas, the cache, circuits and an agent's errors over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import ServerAway
from testing.scripted_model import Script, ScriptedProvider
from tests.api.conftest import Served
from tests.conftest import OpenWorkbench

ROOM = "/api/v1/rooms/Engawa/messages"
Serve = Callable[..., Served]


def said(number: int = 0, **given: str) -> dict[str, str]:
    return {"content": f"@Ren {number}", "sender": "Ada", **given}


def test_the_fifty_first_of_many_at_once_is_a_429(
    serve: Serve, open_workbench: OpenWorkbench
) -> None:
    served = serve(open_workbench(care={"requests_a_minute": 10}))
    with served.client() as client, ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: client.post(ROOM, json=said(n)), range(50)))
        statuses = [answer.status_code for answer in answers]
        assert (statuses.count(201), statuses.count(429)) == (10, 40)
        refused = next(answer for answer in answers if answer.status_code == 429)
        error = refused.json()["error"]
        assert error["code"] == "requests_used_up"
        assert 50 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers["retry-after"] in error["hint"]
        quota = client.get("/api/v1/quota").json()
    assert quota["requests_a_minute"] == {"used": 10, "limit": 10}
    assert quota["tokens_a_day"]["limit"] is None
    assert quota["reached"]["code"] == "requests_used_up"
    assert 50 <= quota["retry_after_s"] <= 60


def test_a_repeated_key_is_answered_although_nothing_is_left(
    serve: Serve, open_workbench: OpenWorkbench
) -> None:
    served = serve(open_workbench(care={"requests_a_minute": 1}))
    with served.client() as client:
        first = client.post(ROOM, json=said(idempotency_key="k"))
        again = client.post(ROOM, json=said(idempotency_key="k"))
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json()["id"] == again.json()["id"]
        assert client.post(ROOM, json=said(1)).status_code == 429
        simple = client.post("/api/message", json=said(2, room="Engawa"))
    assert simple.status_code == 429


def test_over_a_socket_it_is_an_error_frame(serve: Serve, open_workbench: OpenWorkbench) -> None:
    served = serve(open_workbench(care={"requests_a_minute": 1}))
    with served.socket("Engawa") as socket:
        for number in range(2):
            socket.send(json.dumps({"type": "message", **said(number)}))
        frames = iter(lambda: json.loads(socket.recv(timeout=10)), None)
        error = next(frame for frame in frames if frame["type"] == "error")
    assert error["code"] == "requests_used_up"


def test_without_a_limit_the_quota_is_open(served: Served) -> None:
    with served.client() as client:
        quota = client.get("/api/v1/quota").json()
    assert quota["requests_a_minute"]["limit"] is None
    assert (quota["reached"], quota["retry_after_s"]) == (None, None)


def test_the_cache_is_counted_and_cleared(serve: Serve, open_workbench: OpenWorkbench) -> None:
    bench = open_workbench(care={"cache": True})
    served = serve(bench)
    bench.rooms.post("Engawa", "@Ren hello", sender="Ada")
    assert bench.rooms.wait_idle("Engawa", 10)
    with served.client() as client:
        counts = client.get("/api/v1/cache").json()
        assert (counts["enabled"], counts["rows"], counts["hits"]) == (True, 1, 0)
        assert client.delete("/api/v1/cache").json() == {"cleared": 1}
        assert client.get("/api/v1/cache").json()["rows"] == 0


def test_a_server_that_is_left_alone_and_the_errors_it_caused(
    serve: Serve, open_workbench: OpenWorkbench
) -> None:
    away = ServerAway(model="ollama:tiny", server="x")
    server = ScriptedProvider({"ollama:tiny": Script(error=away)}, name="ollama")
    bench = open_workbench(ScriptedProvider(), server)
    served = serve(bench)
    bench.rooms.set_model("Engawa", "Ren", "ollama:tiny")
    for _ in range(4):
        bench.rooms.post("Engawa", "@Ren hello", sender="Ada")
        assert bench.rooms.wait_idle("Engawa", 10)
    with served.client() as client:
        circuit = client.get("/api/v1/circuits").json()["circuits"][0]
        errors = client.get("/api/v1/agents/Ren/errors?limit=2").json()
        assert client.get("/api/v1/agents/Nobody/errors").status_code == 404
    assert (circuit["state"], circuit["failures"], circuit["cause"]) == ("open", 3, "server_away")
    assert 0 < circuit["retry_in_s"] <= 6.25
    assert errors["kinds"] == {"server_away": 3, "circuit_open": 1}
    assert [one["code"] for one in errors["errors"]] == ["circuit_open", "server_away"]


@pytest.mark.parametrize("path", ["quota", "cache", "circuits", "agents/Ren/errors"])
def test_strangers_see_nothing(served: Served, path: str) -> None:
    with served.stranger() as client:
        assert client.get(f"/api/v1/{path}").status_code == 401
