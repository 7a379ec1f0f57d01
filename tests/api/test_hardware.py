"""The machine over HTTP."""

from __future__ import annotations

import time

import pytest

from tests.api.conftest import Served


def test_the_last_reading_is_at_most_two_seconds_old(served: Served) -> None:
    with served.client() as client:
        found = client.get("/api/v1/hardware").json()
    assert 0 < found["memory_used_bytes"] < found["memory_total_bytes"]
    assert time.time() - found["at"] < 2
    assert found["gpus"] == []
    assert found["gpu_problem"]


def test_history_and_events_are_lists(served: Served) -> None:
    with served.client() as client:
        history = client.get("/api/v1/hardware/history", params={"seconds": 60}).json()
        assert history["step_s"] == 1
        for point in history["points"]:
            assert point["values"]["memory_used_bytes"] > 0
        events = client.get("/api/v1/hardware/events", params={"limit": 5}).json()["events"]
        assert len(events) <= 5


@pytest.mark.parametrize("wrong", ["seconds=1", "seconds=604801", "points=0", "seconds=many"])
def test_impossible_ranges_are_refused(served: Served, wrong: str) -> None:
    with served.client() as client:
        assert client.get(f"/api/v1/hardware/history?{wrong}").status_code == 422


def test_strangers_learn_nothing(served: Served) -> None:
    with served.stranger() as client:
        for route in ("", "/history", "/events"):
            assert client.get("/api/v1/hardware" + route).status_code == 401


def test_what_is_wrong_and_help(served: Served) -> None:
    with served.client() as client:
        found = client.get("/api/v1/hardware/anomalies").json()
        assert "hot" in [rule["name"] for rule in found["rules"]]
        assert found["problem"] is None
        done = client.post("/api/v1/hardware/recover", json={"action": "retry"}).json()
        assert done == {"action": "retry", "what": "starter"}
        refused = client.post("/api/v1/hardware/recover", json={"action": "reboot"})
        assert refused.status_code == 422
        assert "unload_idle" in refused.json()["error"]["message"]


def test_a_mistake_in_the_users_rules_is_named(served: Served) -> None:
    own = served.bench.settings.paths.anomaly_rules
    own.write_text("rules:\n  - {name: hot, when: x}\n", encoding="utf-8")
    with served.client() as client:
        found = client.get("/api/v1/hardware/anomalies").json()
        assert "line 2" in found["problem"]["message"]
        assert found["rules"]
        own.unlink()
        assert client.get("/api/v1/hardware/anomalies").json()["problem"] is None


def test_the_tuning(served: Served) -> None:
    with served.client() as client:
        found = client.get("/api/v1/hardware/tuning").json()
        assert found == {"options": {}, "proposals": [], "records": []}
        body = {"model": "starter", "options": {"context_tokens": 512}, "compare": False}
        record = client.post("/api/v1/hardware/tuning", json=body).json()["record"]
        assert (record["outcome"], record["after"]) == ("applied", {"context_tokens": 512})
        found = client.get("/api/v1/hardware/tuning").json()
        assert found["options"] == {"starter": {"context_tokens": 512}}
        undone = client.delete("/api/v1/hardware/tuning/starter").json()["record"]
        assert undone["outcome"] == "undone"
        assert client.delete("/api/v1/hardware/tuning/starter").status_code == 404
        body["options"] = {"context_tokens": 1}
        assert client.post("/api/v1/hardware/tuning", json=body).status_code == 422


def test_a_comparison_is_a_job(served: Served) -> None:
    body = {"model": "starter", "options": {"context_tokens": 512}}
    with served.client() as client:
        answer = client.post("/api/v1/hardware/tuning", json=body)
        assert answer.status_code == 202
        job = served.bench.jobs.wait(answer.json()["job"], 30)
        assert job.result is not None
        assert job.result["outcome"] in ("kept", "dropped")


def test_forecasts(served: Served) -> None:
    asked = "/api/v1/models/forecast"
    with served.client() as client:
        found = client.get(asked, params={"ref": "starter", "context": 512}).json()
        assert (found["ref"], found["context_tokens"]) == ("starter", 512)
        assert client.get(asked, params={"ref": "nobody:x"}).status_code == 404
        assert client.get("/api/v1/hardware/forecasts").json() == {"forecasts": []}


def test_a_training_that_cannot_be_is_refused(served: Served) -> None:
    asked = "/api/v1/models/forecast/training"
    with served.client() as client:
        for wrong in ({"targets": "lm_head"}, {"rank": 0}, {}):  # the starter here is a script
            assert client.get(asked, params={"ref": "starter", **wrong}).status_code == 422
        assert client.get(asked, params={"ref": "nobody:x"}).status_code == 404
