"""A real Prometheus scrapes the served app: `pytest -m services tests/metrics`.

Needs Debian's `prometheus` package (prometheus and promtool) and gcc for the stand-in of NVIDIA's
library.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.paths import PROJECT
from testing import nvml
from testing.nvml import CARD, Script
from testing.scripted_ollama import DEFAULT_MODELS, Model, ScriptedOllama
from testing.served import ServedApp, free_port

CONFIG = PROJECT / "config" / "prometheus"
BOARD = json.loads((PROJECT / "config/grafana/engawa.json").read_text(encoding="utf-8"))
# The queries of nvitop's board (22589) for what NVML tells us.
NVITOP = (
    'host_cpu_percent_Percentage{hostname=~".*"}',
    'host_virtual_memory_percent_Percentage{hostname=~".*"}',
    'gpu_utilization_Percentage{hostname=~".*"}',
    'gpu_memory_percent_Percentage{hostname=~".*"}',
    'gpu_temperature_C{hostname=~".*"}',
    'gpu_power_usage_W{hostname=~".*"}',
    'gpu_pcie_tx_throughput_MiBps{hostname=~".*"}',
    'count(gpu_memory_total_MiB{hostname=~".*"})',
    'count by(hostname, index) (process_gpu_memory_MiB{hostname=~".*", username=~".*"})',
)
REFUSED = "ollama:minilm"  # an encoder: it refuses to chat
LIMIT_S = 60

pytestmark = pytest.mark.services


def queries() -> list[str]:
    """Every query of our board, over the last minute."""
    targets = [target for panel in BOARD["panels"] for target in panel.get("targets", ())]
    return [target["expr"].replace("$__rate_interval", "1m") for target in targets]


class Prometheus:
    """A running one, with the shipped configuration."""

    def __init__(self, port: int) -> None:
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=10)

    def ask(self, query: str) -> list[dict[str, Any]]:
        found = self.http.get("/query", params={"query": query}).json()
        assert found["status"] == "success", (query, found)
        return list(found["data"]["result"])

    def firing(self) -> set[str]:
        alerts = self.http.get("/alerts").json()["data"]["alerts"]
        return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.3)


@pytest.fixture(scope="module", autouse=True)
def _is_installed() -> None:
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        pytest.skip("needs Debian's package “prometheus”")
    if nvml.why_not():
        pytest.skip(str(nvml.why_not()))


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Script:
    found = Script(tmp_path_factory.mktemp("card") / "gpu.txt")
    found.write(CARD, "process 999999999 2097152", "process 1 2097152")
    return found


@pytest.fixture(scope="module")
def ollama() -> Iterator[ScriptedOllama]:
    models = [*DEFAULT_MODELS, Model("paid")]
    with ScriptedOllama(models=models, tokens_per_s=200) as server:
        yield server


@pytest.fixture(scope="module")
def app(
    tmp_path_factory: pytest.TempPathFactory, script: Script, ollama: ScriptedOllama
) -> Iterator[ServedApp]:
    environment = {
        **script.environment(nvml.build()),
        "ENGAWA_OLLAMA_URL": ollama.url,
        "ENGAWA_CARE__CACHE": "true",
        "ENGAWA_MODELS__DEFAULT": "ollama:tiny",
        "ENGAWA_MODELS__PRICES": '{"ollama:tiny": {"prompt": 1, "completion": 5}}',
    }
    with ServedApp(tmp_path_factory.mktemp("data"), environment=environment) as served:
        yield served


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory, app: ServedApp) -> Iterator[Prometheus]:
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    rules = (CONFIG / "alerts.yml").read_text(encoding="utf-8")
    # Nobody waits for minutes here; promtool checks the real times below.
    hurried = re.sub(r"for: \w+", "for: 1s", rules)
    (folder / "alerts.yml").write_text(hurried, encoding="utf-8")
    (folder / "prometheus.yml").write_text(configuration(app), encoding="utf-8")
    command = ["prometheus", f"--config.file={folder}/prometheus.yml"]
    command += [f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        found = Prometheus(port)
        until(lambda: is_up(found))
        yield found
    finally:
        running.terminate()
        running.wait(timeout=20)


def configuration(app: ServedApp) -> str:
    """The shipped one, with this app's port and token, looking every second."""
    text = (CONFIG / "prometheus.yml").read_text(encoding="utf-8")
    changes = {
        "127.0.0.1:8501": f"127.0.0.1:{app.port}",
        "/path/to/engawa/data/local-token": str(app.folder / "local-token"),
        "interval: 5s": "interval: 1s",
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def is_up(found: Prometheus) -> bool:
    try:
        return [one["value"][1] for one in found.ask('up{job="engawa"}')] == ["1"]
    except httpx.HTTPError:
        return False


def test_it_is_let_in_by_the_token_only(prometheus: Prometheus, app: ServedApp) -> None:
    assert prometheus.ask("engawa_info")
    assert httpx.get(f"{app.url}/metrics").status_code == 401


def talk(app: ServedApp) -> None:
    """Ollama, the starter, and a model that refuses answer; the same question comes twice."""
    headers = {"Authorization": f"Bearer {(app.folder / 'local-token').read_text().strip()}"}
    with httpx.Client(base_url=app.url, headers=headers, timeout=30) as http:
        body: dict[str, Any] = {"name": "Counted", "members": ["Ren", "Aki", "Mizuho"]}
        room = http.post("/api/v1/rooms", json=body).json()["id"]
        models = {"Aki": "starter", "Mizuho": REFUSED}
        http.patch(f"/api/v1/rooms/{room}", json={"models": models}).raise_for_status()
        for _time in range(2):
            for name in ("Ren", "Aki", "Mizuho"):
                said = {"room": room, "sender": "You", "content": f"@{name} good evening"}
                http.post("/api/message", json=said).raise_for_status()
        other = http.post("/api/v1/rooms", json={**body, "name": "Again"}).json()["id"]
        http.post("/api/message", json={"room": other, "content": "@Ren good evening"})


def test_every_query_of_the_board_returns_data(prometheus: Prometheus, app: ServedApp) -> None:
    talk(app)
    missing = set(queries())

    def all_there() -> bool:
        for query in list(missing):
            if prometheus.ask(query):
                missing.discard(query)
        return not missing

    try:
        until(all_there)
    except AssertionError:
        raise AssertionError(f"no data for {sorted(missing)}") from None


def test_the_board_of_nvitop_finds_its_series(prometheus: Prometheus) -> None:
    for query in NVITOP:
        assert prometheus.ask(query), query


def test_an_alert_fires(prometheus: Prometheus, script: Script) -> None:
    until(lambda: prometheus.ask("gpu_temperature_C"))
    assert "EngawaCardHot" not in prometheus.firing()
    script.write(CARD.replace("temperature 61", "temperature 91"))
    until(lambda: "EngawaCardHot" in prometheus.firing())
    script.write(CARD)
    until(lambda: "EngawaCardHot" not in prometheus.firing())


@pytest.mark.parametrize("kind", ["rules", "config"])
def test_the_files_are_what_prometheus_takes(kind: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("x", encoding="utf-8")
    file = CONFIG / ("alerts.yml" if kind == "rules" else "prometheus.yml")
    text = file.read_text(encoding="utf-8")
    copied = tmp_path / file.name
    copied.write_text(text.replace("/path/to/engawa/data/local-token", str(token)))
    shutil.copy(CONFIG / "alerts.yml", tmp_path / "alerts.yml")
    done = subprocess.run(["promtool", "check", kind, str(copied)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_alerts_fire_on_scripted_data(tmp_path: Path) -> None:
    for file in (CONFIG / "alerts.yml", PROJECT / "tests/metrics/alerts.test.yml"):
        shutil.copy(file, tmp_path)
    command = ["promtool", "test", "rules", str(tmp_path / "alerts.test.yml")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
