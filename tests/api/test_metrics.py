"""What Prometheus is told, over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

from testing.nvml import CARD, Script
from tests.api.conftest import Served
from tests.conftest import OpenWorkbench

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


def scraped(served: Served, **headers: str) -> Samples:
    with served.client(**headers) as client:
        response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    found: Samples = {}
    for family in parsed(response.text):
        assert family.documentation
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def of(samples: Samples, name: str, **labels: str) -> float:
    return samples[name][tuple(sorted(labels.items()))]


def say(served: Served, text: str) -> None:
    with served.client() as client:
        client.post("/api/message", json={"room": "Engawa", "sender": "You", "content": text})
    room = served.bench.rooms.get("Engawa").id
    assert served.bench.rooms.wait_idle(room, 20)


def test_strangers_learn_nothing(served: Served) -> None:
    with served.stranger() as client:
        assert client.get("/metrics").status_code == 401


def test_the_host_and_this_process_are_there_at_once(served: Served) -> None:
    found = scraped(served)
    assert of(found, "engawa_host_memory_used_bytes") > 0
    assert of(found, "process_resident_memory_bytes") > 1e6
    assert of(found, "engawa_turns", state="due") == 0
    assert of(found, "engawa_answer_cache_hits_total") == 0
    assert found["engawa_info"]
    assert "gpu_utilization_Percentage" not in found


def test_openmetrics_for_those_who_ask(served: Served) -> None:
    with served.client(Accept="application/openmetrics-text; version=1.0.0") as client:
        response = client.get("/metrics")
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert response.text.endswith("# EOF\n")


def test_an_answer_is_counted(served: Served) -> None:
    say(served, "@Ren good evening")
    found = scraped(served)
    assert of(found, "engawa_generations_total", model="starter", outcome="complete") == 1
    assert of(found, "engawa_routes_total", model="starter", why="wanted") == 1
    assert of(found, "engawa_first_token_seconds_count", model="starter") == 1
    first = of(found, "engawa_first_token_seconds_sum", model="starter")
    assert 0 <= first <= of(found, "engawa_answer_seconds_sum", model="starter") < 20
    assert of(found, "engawa_completion_tokens_total", model="starter") > 0


def test_a_card_has_the_names_of_nvitop(
    script: Script, serve: Callable[..., Served], open_workbench: OpenWorkbench
) -> None:
    # Written first: what an open workbench last read stays for a second.
    script.write(CARD, "process 999999999 2097152")
    found = scraped(serve(open_workbench()))
    (labels,) = found["gpu_utilization_Percentage"]
    assert dict(labels)["devicename"] == "NVIDIA GeForce RTX 4050 Laptop GPU"
    assert dict(labels).keys() == {"hostname", "index", "devicename", "uuid"}
    assert found["gpu_utilization_Percentage"][labels] == 37
    assert found["gpu_memory_total_MiB"][labels] == 6144
    assert found["gpu_temperature_C"][labels] == 61
    assert found["gpu_power_usage_W"][labels] == pytest.approx(45.2)
    ((program, size),) = found["process_gpu_memory_MiB"].items()
    assert (dict(program)["pid"], size) == ("999999999", 2)
    assert of(found, "engawa_gpu_lost", index="0") == 0
    assert of(found, "engawa_gpu_throttled", index="0", reason="sw_power_cap") == 1
