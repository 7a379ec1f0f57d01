"""What watching the machine costs.

With a stand-in for NVIDIA's library, a scripted Ollama in a process of its own, and the history
in SQL: `sampler_core_percent` is what a process that does nothing but this uses of one core,
`snapshot_us` how long reading the last snapshot takes (median). `tabs_core_percent` is what ten
browser tabs with the four live charts cost the server, of one core, above the same server
without any, and `stale_p95_s` and `stale_most_s` how old the newest point on them is; `None`
without a browser. `stand_in` says why there is no card in it (no gcc, say).
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

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TABS = 10
SAMPLE_S = 75  # more than a minute: a commit of the history is in it
SETTLE_S = 5
WATCH_S = 20
PAGE_MS = 120_000
TAB_FIGURES = ("tabs_core_percent", "stale_p95_s", "stale_most_s")
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
        tabs = _tabs(Path(place) / "tabs", machine) or dict.fromkeys(TAB_FIGURES)
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


def _tabs(data: Path, machine: Mapping[str, str]) -> dict[str, float] | None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if not Path(CHROMIUM).exists():
        return None
    with running(data, serve=True, **machine) as server, sync_playwright() as playwright:
        time.sleep(SETTLE_S)
        alone = _cpu(server)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        pages = [_tab(browser, server) for _number in range(TABS)]
        time.sleep(SETTLE_S)
        together = _cpu(server)
        stale = [_stale_s(server, page) for _look in range(LOOKS) for page in pages]
        for page in pages:
            page.context.close()
        browser.close()
    p95 = statistics.quantiles(stale, n=20)[-1]
    figures = (round(together - alone, 2), round(p95, 2), round(max(stale), 2))
    return dict(zip(TAB_FIGURES, figures, strict=True))


def _stale_s(server: Server, page: Page) -> float:
    """How long ago the newest point was read; a point is named by its second alone."""
    with server.client as client:
        phase_s = client.get("/api/v1/hardware").json()["at"] % 1
    newest_ms, now_ms = page.evaluate(NEWEST)
    return float((now_ms - newest_ms) / 1000 - phase_s)


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
