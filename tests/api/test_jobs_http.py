"""Jobs over HTTP: listed, followed as they change, cancelled, taken up again, forgotten."""

from __future__ import annotations

import json
import threading

from core.jobs import ThreadKind, Work
from testing.counting_child import counting
from tests.api.conftest import Served

GO = threading.Event()


def _steps(work: Work) -> None:
    work.say("first", n=1)
    while not GO.wait(0.02):
        work.check()
    work.advance(4, 4)


def test_the_life_of_a_job(served: Served) -> None:
    served.bench.jobs.register(ThreadKind("work", "Do {subject}", {"first": "no. {n}"}, run=_steps))
    job_id = served.bench.jobs.start("work", "it").id
    path = f"/api/v1/jobs/{job_id}"
    with served.client() as client:
        assert client.post(f"{path}/cancel").status_code == 200
        assert _last_event(client, path)["state"] == "cancelled"
        assert client.post(f"{path}/resume").json()["attempt"] == 2
        assert client.delete(path).json()["error"]["code"] == "job_not_resumable"
        GO.set()
        last = _last_event(client, path)
        assert (last["state"], last["progress"]["share"], last["title"]) == ("done", 1.0, "Do it")
        assert last["progress"]["text"] == "no. 1"
        assert client.get("/api/v1/jobs").json()["jobs"][0]["id"] == job_id
        assert client.get(f"{path}/log").json() == {"log": ""}
        assert client.post(f"{path}/resume").status_code == 409
        assert client.delete(path).status_code == 204
        assert client.get(path).json()["error"]["code"] == "job_not_found"


def _last_event(client: object, path: str) -> dict[str, object]:
    with client.stream("GET", f"{path}/events") as response:  # type: ignore[attr-defined]
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line.startswith("data: ")]
    return json.loads(lines[-1].removeprefix("data: "))


def test_a_hundred_closed_tabs_stop_no_training(served: Served) -> None:
    """FAULTS 35, the training part: whoever follows a job's process may go at any moment."""
    served.bench.jobs.register(counting(pause_s=0.05))
    job_id = served.bench.jobs.start("count", "60").id
    path = f"/api/v1/jobs/{job_id}"
    with served.client() as client:
        states = [_glance(client, path) for _tab in range(100)]
        assert states.count("done") < 50, "the tabs were closed too late to prove anything"
        last = _last_event(client, path)
        assert (last["state"], last["attempt"]) == ("done", 1)


def _glance(client: object, path: str) -> str:
    """Follow a job and go at its first word; the state that it had then."""
    with client.stream("GET", f"{path}/events") as response:  # type: ignore[attr-defined]
        line = next(line for line in response.iter_lines() if line.startswith("data: "))
    return str(json.loads(line.removeprefix("data: "))["state"])
