"""How long until the first page can be used, and what the process tree holds at each stage.

`startup_s`: from the command to a browser, open before, in which the composer of the first room
takes words. The first start of all, which compiles the app's modules, is not among the runs:
`first_startup_s` has it, if nothing was compiled before.
Memory is PSS of the server and all its children: `idle_pss_mb` 30 s after the Settings screen
was opened, `warm_pss_mb` with a room open and the starter loaded, `given_up_pss_mb` after the
starter was given up. `first_reply_token_ms`: the first token of the very first reply, the room
having been open for ten seconds. What needs the starter is `None` where its weights are not.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from core.paths import PROJECT, STARTER_MODEL
from testing.running import CHROMIUM, FLAGS, NOBODY, Server, free_port

SETTLE_S = 30
OPEN_S = 10
IDLE_S = 20  # the runner's idle time here; ten minutes in an installation
LIMIT_S = 60
MB = 1_000_000
COMPOSER = '[data-testid="stChatInputTextArea"]'


def run(runs: int) -> dict[str, object]:
    """Medians of `runs` runs, each on a fresh data folder."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        first_s = _startup_s(browser)
        found = [_once(browser) for _number in range(runs)]
        browser.close()
    figures: dict[str, object] = {"starter": _has_starter(), "first_startup_s": round(first_s, 2)}
    for key in found[0]:
        values = [one[key] for one in found if one[key] is not None]
        figures[key] = round(statistics.median(values), 2) if values else None
    return figures


def _startup_s(browser: Browser) -> float:
    page = _tab(browser)
    with _started() as server:
        began = time.monotonic()
        _opened(page, server)
        took_s = time.monotonic() - began
        page.context.close()
    return took_s


def _once(browser: Browser) -> dict[str, float | None]:
    figures: dict[str, float | None] = {}
    page = _tab(browser)
    with _started() as server:
        began = time.monotonic()
        _opened(page, server)
        figures["startup_s"] = time.monotonic() - began
        figures |= _room(server, page)
        page.context.close()
    page = _tab(browser)
    with _started() as server:
        _go(page, server, "/settings")
        page.get_by_role("heading", level=1).wait_for(timeout=LIMIT_S * 1000)
        time.sleep(SETTLE_S)
        figures["idle_pss_mb"] = _pss_mb(server)
        page.context.close()
    return figures


def _room(server: Server, page: Page) -> dict[str, float | None]:
    none = ("warm_pss_mb", "first_reply_token_ms", "given_up_pss_mb")
    if not _has_starter():
        return dict.fromkeys(none)
    time.sleep(OPEN_S)
    page.locator(COMPOSER).fill("Hello, who are you?")
    page.locator(COMPOSER).press("Enter")
    figures: dict[str, float | None] = {}
    time.sleep(1)
    lines = server.wait_idle("Engawa", LIMIT_S)
    first = lines[1]["timings"] or {}
    figures["first_reply_token_ms"] = first.get("first_token_ms")
    figures["warm_pss_mb"] = _pss_mb(server)
    time.sleep(IDLE_S + 5)
    figures["given_up_pss_mb"] = _pss_mb(server)
    return figures


@contextmanager
def _started() -> Iterator[Server]:
    """The real app, just started: it may not answer yet."""
    with tempfile.TemporaryDirectory() as place:
        data, port = Path(place) / "data", free_port()
        environment = {
            **os.environ,
            "ENGAWA_DATA_DIR": str(data),
            "ENGAWA_OLLAMA_URL": NOBODY,
            "ENGAWA_MODELS__RUNNER_IDLE_S": str(IDLE_S),
        }
        command = [sys.executable, "-m", "core", "serve", "--no-browser", "--port", str(port)]
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
        try:
            yield Server(f"http://127.0.0.1:{port}", data, process)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _tab(browser: Browser) -> Page:
    return browser.new_context(locale="en-US").new_page()


def _opened(page: Page, server: Server) -> None:
    """Open the first room and wait until it takes words."""
    _go(page, server, "/")
    page.locator(COMPOSER).wait_for(timeout=LIMIT_S * 1000)


def _go(page: Page, server: Server, path: str) -> None:
    """Open a page as soon as the port answers."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end and not _answers(server):
        time.sleep(0.01)
    page.goto(server.url + path)


def _answers(server: Server) -> bool:
    asked = HTTPConnection(server.url.removeprefix("http://"), timeout=LIMIT_S)
    try:
        asked.request("GET", "/health")
        return asked.getresponse().status == 200
    except OSError:
        return False
    finally:
        asked.close()


def _pss_mb(server: Server) -> float:
    """PSS of the server and its children."""
    root = psutil.Process(server.process.pid)
    return sum(_pss(one) for one in (root, *root.children(recursive=True))) / MB


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def _has_starter() -> bool:
    return (STARTER_MODEL / "model.safetensors").is_file()
