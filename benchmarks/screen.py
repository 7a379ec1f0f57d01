"""Five tabs on one streaming room in a real browser: how late words are seen, and what it costs.

`seen_p95_ms`: from the moment a listening client gets stored words to the frame that shows
them. `wake_ms`: from sending a message to its being shown in tabs that were idle (median).
The shares are of one core, for the server only and one tab; a streaming tab's is what five
tabs add to a room that streams without any, by five. `redrawn` counts nodes of finished lines
that were made anew while others were being said.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
import time
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright
from websockets.sync.client import connect

from testing.running import CHROMIUM, FLAGS, Server, running

TABS = 5
IDLE_S = 20
STREAM_S = 12
WATCH = """() => {
  const seen = (window.__seen = {});
  const view = [...document.querySelectorAll('*')].map((one) => one.shadowRoot)
    .find((root) => root && root.querySelector('.root.talk'));
  const note = () => {
    const now = performance.timeOrigin + performance.now();
    for (const line of view.querySelectorAll('.line')) {
      const text = line.querySelector('.text')._source || '';
      const of = (seen[line.dataset.seq] ||= []);
      if (!of.length || of[of.length - 1][0] < text.length) of.push([text.length, now]);
    }
  };
  // The frame after a change is the one that shows it. Nothing is drawn for the watching itself.
  const look = () => requestAnimationFrame(note);
  new MutationObserver(look).observe(view, { subtree: true, childList: true });
}"""
MARK = "() => document.querySelectorAll('[class*=st-key-line-] *').forEach((one) => one.__old = 1)"
REDRAWN = """(last) => { let made = 0;
  for (let seq = 1; seq <= last; seq++)
    for (const one of document.querySelectorAll(`.st-key-line-${seq} *`)) made += one.__old ? 0 : 1;
  return made; }"""


def run(runs: int) -> dict[str, object]:
    """Measure `runs` times; medians of the runs."""
    found = []
    for _number in range(runs):
        with tempfile.TemporaryDirectory() as place, running(Path(place) / "data") as server:
            found.append(_once(server))
    keys = found[0].keys()
    figures: dict[str, object] = {
        key: round(statistics.median(one[key] for one in found), 2) for key in keys
    }
    return figures | {"tabs": TABS, "redrawn": max(one["redrawn"] for one in found)}


def _once(server: Server) -> dict[str, float]:
    room = server.room("Five tabs", "Mizuho", "Ren", "Aki")
    server.say(room, "Hello")
    last = len(server.wait_idle(room))
    alone = _streaming_cpu(server, room)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        pages = [_tab(browser, server, room, last) for _tab_number in range(TABS)]
        idle = _cpu(server, IDLE_S) / TABS
        wake = _wake(server, room, pages)
        server.wait_idle(room, 120)
        for page in pages:
            page.evaluate(MARK)
        finished = len(server.lines(room))
        stored: dict[tuple[int, int], float] = {}
        listener = threading.Thread(target=_listen, args=(server, room, stored), daemon=True)
        listener.start()
        together = _streaming_cpu(server, room)
        listener.join(timeout=30)
        delays = [delay for page in pages for delay in _delays(page, stored)]
        redrawn = sum(int(page.evaluate(REDRAWN, finished)) for page in pages)
        browser.close()
    return {
        "seen_p50_ms": statistics.median(delays),
        "seen_p95_ms": statistics.quantiles(delays, n=20)[-1],
        "wake_ms": wake,
        "idle_core_percent": idle,
        "streaming_core_percent": max(0.0, together - alone) / TABS,
        "redrawn": redrawn,
    }


def _tab(browser: Browser, server: Server, room: str, last: int) -> Page:
    page = browser.new_context(locale="en-US").new_page()
    page.goto(f"{server.url}/room-{room}")
    page.locator(f".st-key-line-{last}").wait_for(timeout=60_000)
    page.locator(".root.talk").wait_for(state="attached", timeout=60_000)
    page.wait_for_timeout(1_500)
    page.evaluate(WATCH)
    return page


def _wake(server: Server, room: str, pages: list[Page]) -> float:
    body = {"room": room, "sender": "Guest", "content": "@Ren are you awake?"}
    with server.client as client:  # its own making is no part of the wait
        client.get("/health")
        sent = time.time() * 1000
        seq = int(client.post("/api/message", json=body).json()["seq"])
    server.wait_idle(room, 60)
    shown = [page.evaluate("(seq) => window.__seen[seq]?.[0]?.[1]", seq) for page in pages]
    return statistics.median(moment - sent for moment in shown if moment)


def _streaming_cpu(server: Server, room: str) -> float:
    server.say(room, "[long] Tell us")
    share = _cpu(server, STREAM_S)
    server.wait_idle(room, 120)
    return share


def _cpu(server: Server, seconds: float) -> float:
    """Percent of one core that the server's process used."""
    process = psutil.Process(server.process.pid)
    before, started = process.cpu_times(), time.monotonic()
    time.sleep(seconds)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return used / (time.monotonic() - started) * 100


def _listen(server: Server, room: str, stored: dict[tuple[int, int], float]) -> None:
    """Note when the end of each piece of text reached a client that does nothing else."""
    address = server.url.replace("http", "ws") + f"/ws?room={room}"
    token = (server.data / "local-token").read_text(encoding="utf-8").strip()
    with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        end = time.monotonic() + STREAM_S
        while time.monotonic() < end:
            try:
                frame = json.loads(socket.recv(timeout=1))
            except TimeoutError:
                continue
            if frame["type"] == "delta":
                stored[frame["seq"], frame["offset"] + len(frame["text"])] = time.time() * 1000


def _delays(page: Page, stored: dict[tuple[int, int], float]) -> list[float]:
    """Milliseconds for each piece, from stored to shown in this tab."""
    shown = page.evaluate("() => window.__seen")
    found = []
    for (seq, length), moment in stored.items():
        later = [at for reached, at in shown.get(str(seq), []) if reached >= length]
        if later:
            found.append(max(0.0, later[0] - moment))
    return found
