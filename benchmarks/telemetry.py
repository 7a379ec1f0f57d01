"""What watching the machine costs.

With a stand-in for NVIDIA's library, a scripted Ollama in a process of its own, and the history
in SQL: `sampler_core_percent` is what a process that does nothing but this uses of one core,
`snapshot_us` how long reading the last snapshot takes (median). `tabs_core_percent` is what ten
tabs with the four live charts cost the server, of one core, above the same server without any,
and `stale_p95_s` and `stale_most_s` how old the newest point on them is. One of the ten is drawn
by a browser (`drawn_tabs` is 0 without one), the others only receive what a tab receives, since
ten browsers would leave nothing of two cores to the server. `stand_in` says why there is no card
in it (no gcc, say).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from core.paths import PROJECT
from testing import nvml
from testing.running import CHROMIUM, FLAGS, Server, free_port, running
from testing.tabs import Tab, open_tabs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TABS = 10
SAMPLE_S = 75  # more than a minute: a commit of the history is in it
SETTLE_S = 5
WATCH_S = 20
PAGE_MS = 120_000
# The newest moment on the first chart (milliseconds), and the browser's clock: the same machine's.
NEWEST = """() => {
  const x = document.querySelector('.js-plotly-plot').data[0].x;
  return [x[x.length - 1], Date.now()];
}"""
LOOKS = 5

WATCHER = """
import json, sys, time
from core.settings import load_settings
from core.workbench import Workbench

settle_s, sample_s = float(sys.argv[1]), float(sys.argv[2])
with Workbench.open(load_settings()) as bench:
    time.sleep(settle_s)
    before, began = time.process_time(), time.monotonic()
    time.sleep(sample_s)
    share = 100 * (time.process_time() - before) / (time.monotonic() - began)
    seen, reads = bench.telemetry.latest(), 10_000
    began = time.process_time()
    for _number in range(reads):
        bench.telemetry.latest()
    found = {"share": share, "snapshot_us": 1e6 * (time.process_time() - began) / reads}
    found |= {"cards": len(seen.gpus), "models": len(seen.models)}
    found |= {"points": len(bench.telemetry.history(3600, 3600).points)}
print(json.dumps(found))
"""


def run(runs: int) -> dict[str, object]:
    """Measure the sampler `runs` times and the tabs once; medians."""
    with tempfile.TemporaryDirectory() as place, _machine(Path(place)) as machine:
        found = [_watched(Path(place) / f"data-{number}", machine) for number in range(runs)]
        tabs = _tabs(Path(place) / "tabs", machine)
    return {
        "sampler_core_percent": round(statistics.median(one["share"] for one in found), 3),
        "snapshot_us": round(statistics.median(one["snapshot_us"] for one in found), 3),
        **tabs,
        "tabs": TABS,
        "stand_in": nvml.why_not(),
        "cards": min(one["cards"] for one in found),
        "models": min(one["models"] for one in found),
        "points": min(one["points"] for one in found),
    }


@contextmanager
def _machine(place: Path) -> Iterator[Mapping[str, str]]:
    """A card and an Ollama with one model in memory; the environment that leads to both."""
    script, port = nvml.Script(place / "gpu.txt"), free_port()
    script.write(nvml.CARD)
    ollama = subprocess.Popen(
        [sys.executable, "-m", "testing.scripted_ollama", "--port", str(port), "--loaded", "tiny"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
    )
    assert ollama.stdout is not None
    ollama.stdout.readline()  # it listens
    try:
        card = {} if nvml.why_not() else script.environment(nvml.build())
        yield {"ENGAWA_OLLAMA_URL": f"http://127.0.0.1:{port}", **card}
    finally:
        ollama.terminate()
        ollama.wait(timeout=10)


def _watched(data: Path, machine: Mapping[str, str]) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", WATCHER, str(SETTLE_S), str(SAMPLE_S)],
        cwd=PROJECT,
        env={**os.environ, **machine, "ENGAWA_DATA_DIR": str(data)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return dict(json.loads(done.stdout))


def _tabs(data: Path, machine: Mapping[str, str]) -> dict[str, float]:
    with running(data, serve=True, **machine) as server:
        time.sleep(SETTLE_S)
        alone = _cpu(server)
        with _drawn(server) as drawn, open_tabs(server, "hardware", TABS - len(drawn)) as others:
            time.sleep(SETTLE_S)
            together = _cpu(server)
            stale = [one for _look in range(LOOKS) for one in _stale(server, drawn, others)]
    return {
        "tabs_core_percent": round(together - alone, 2),
        "stale_p95_s": round(statistics.quantiles(stale, n=20)[-1], 2),
        "stale_most_s": round(max(stale), 2),
        "drawn_tabs": len(drawn),
    }


@contextmanager
def _drawn(server: Server) -> Iterator[list[Page]]:
    """A browser's tab, or none where there is no browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        yield []
        return
    if not Path(CHROMIUM).exists():
        yield []
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield [_tab(browser, server)]
        browser.close()


def _stale(server: Server, drawn: list[Page], others: list[Tab]) -> Iterator[float]:
    """How long ago the newest points were read, in seconds."""
    for page in drawn:
        yield _age_s(server, *page.evaluate(NEWEST))
    for tab in others:
        yield _age_s(server, tab.charts()[0]["data"][0]["x"][-1], 1000 * time.time())


def _age_s(server: Server, newest_ms: float, now_ms: float) -> float:
    """The age of a point, which is named by its second alone."""
    with server.client as client:
        phase_s = client.get("/api/v1/hardware").json()["at"] % 1
    return (now_ms - newest_ms) / 1000 - phase_s


def _tab(browser: Browser, server: Server) -> Page:
    page = browser.new_context(locale="en-US").new_page()
    page.set_default_timeout(PAGE_MS)
    page.goto(f"{server.url}/hardware")
    page.locator(".js-plotly-plot").nth(3).wait_for()
    return page


def _cpu(server: Server) -> float:
    """Percent of one core that the server's process uses."""
    process = psutil.Process(server.process.pid)
    before, began = process.cpu_times(), time.monotonic()
    time.sleep(WATCH_S)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return 100 * used / (time.monotonic() - began)
