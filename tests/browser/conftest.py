"""A real server and a real Chromium; every request of every page is watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from testing.patience import within
from testing.running import CHROMIUM, FLAGS, Server, running

# Two cores are shared with models and other tests.
expect.set_options(timeout=within(15) * 1000)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app with scripted people, on a free port and an empty data folder."""
    with running(tmp_path_factory.mktemp("browser") / "data") as started:
        yield started


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Watched:
    """What pages asked for and complained about."""

    outside: list[str]
    errors: list[str]


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, server: Server) -> Iterator[OpenPage]:
    """Opens an address in a browser of its own; afterwards nothing may have left 127.0.0.1.

    `on` is another server than the one that all tests share.
    """
    contexts = []
    watched = Watched([], [])

    def open_one(path: str = "/", on: Server = server, **options: Any) -> Page:
        context = chromium.new_context(
            **{"locale": "en-US", "viewport": {"width": 1280, "height": 800}, **options}
        )
        contexts.append(context)
        context.set_default_timeout(within(20) * 1000)
        page = context.new_page()
        page.on("request", lambda request: _note(request.url, watched))
        page.on("websocket", lambda opened: _note(opened.url, watched))
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        page.goto(on.url + path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert watched.outside == []
    assert watched.errors == []


def _note(url: str, watched: Watched) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"data", "blob", "about"} and parts.hostname != "127.0.0.1":
        watched.outside.append(url)
