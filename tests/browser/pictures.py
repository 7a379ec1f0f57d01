"""Pictures of every screen, to be looked at: `python -m tests.browser.pictures FOLDER [WORD]`.

Light and dark, 1440, 1024 and 430 pixels wide, English and Japanese; empty, filled, speaking,
failed. WORD picks pictures whose name holds it; `readme` takes those of the documentation.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from testing.patience import within
from testing.running import CHROMIUM, FLAGS, Server, running
from testing.scripted_ollama import Model, ScriptedOllama
from tests.browser.steps import ready, say

expect.set_options(timeout=within(15) * 1000)
SIZES = {"wide": (1440, 900), "small": (1024, 768), "phone": (430, 860)}
MODELS = (
    Model("qwen3:4b", ("completion", "tools", "thinking"), 40_960, 2_600_000_000),
    Model("gemma3:1b", ("completion",), 32_768, 815_000_000),
    Model("nomic-embed-text", ("embedding",), 2_048, 274_000_000),
)


def take(folder: Path, wanted: str) -> None:
    """All pictures into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as place,
        ScriptedOllama(models=MODELS, tokens_per_s=20) as ollama,
        running(Path(place) / "data", ENGAWA_OLLAMA_URL=ollama.url) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        rooms = _fill(server)
        for name, path, act in _scenes(rooms):
            if wanted in name:
                _scene(browser, server, folder, name, path, act)
        browser.close()


def readme(folder: Path) -> None:
    """The pictures that the README and the documentation show."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as place,
        running(Path(place) / "data", pause_ms=60) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, dark in (("room", False), ("room-dark", True)):
            context = browser.new_context(
                viewport={"width": 1280, "height": 800},
                color_scheme="dark" if dark else "light",
                locale="en-US",
            )
            page = context.new_page()
            page.goto(server.url)
            ready(page)
            if not dark:
                page.screenshot(path=folder / "first-visit.png")
            say(page, "Good evening! What is this place?")
            page.locator(".root.talk .line").filter(has_text="Aki").wait_for(timeout=60_000)
            page.wait_for_timeout(900)
            page.screenshot(path=folder / f"{name}.png")
            server.wait_idle("Engawa", 60)
            context.close()
        browser.close()


Act = Callable[[Page], None]


def _fill(server: Server) -> dict[str, str]:
    rooms = {
        "empty": server.room("Evening tea", "Mizuho", "Ren", "Aki"),
        "filled": server.room("Which laptop for my daughter?", "Ren", "Aki"),
        "failed": server.room("Broken things", "Ren", "Mizuho"),
        "streaming": server.room("Stories", "Aki", "Mizuho", "Ren"),
        "nobody": server.room("縁側の猫", "Aki"),
        "changed": server.room("Names for a cat", "Ren", "Aki"),
        "budget": server.room("A short debate", "Ren", "Aki", "Mizuho"),
        "queue": server.room("Round table", "Mizuho", "Ren", "Aki"),
    }
    for text in ("Good evening! What do you think?", "@Ren and what about the **battery**?"):
        server.say(rooms["filled"], text, sender="You")
        server.wait_idle(rooms["filled"])
    for text in ("Hello [away]", "And now? [break]"):
        server.say(rooms["failed"], text, sender="You")
        server.wait_idle(rooms["failed"])
    server.say(rooms["nobody"], "猫の話を聞かせてください。", sender="You")
    server.wait_idle(rooms["nobody"])
    _change(server, rooms)
    return rooms


def _change(server: Server, rooms: dict[str, str]) -> None:
    """Rooms in which something was edited, limited, muted, or called upon."""
    with server.client as client:

        def ask(method: str, room: str, path: str, **body: object) -> None:
            address = f"/api/v1/rooms/{rooms[room]}{path}"
            client.request(method, address, json=body).raise_for_status()

        server.say(rooms["changed"], "How shall we call the cat?", sender="You")
        server.wait_idle(rooms["changed"])
        ask("POST", "changed", "/messages/2/regenerate")
        server.wait_idle(rooms["changed"])
        ask("POST", "changed", "/messages/2/vote", value=1)
        ask("PATCH", "changed", "/messages/3", content="Call her *Echo*.", pinned=True)
        ask("PATCH", "changed", "", muted={"Aki": True}, members=["Ren", "Aki", "Mizuho"])
        ask("PATCH", "changed", "", members=["Ren", "Aki"])
        ask("PATCH", "budget", "", limits={"turns": 3, "tokens": 4_000, "joules": 7_200})
        server.say(rooms["budget"], "Is tea better than coffee?", sender="You")
        server.wait_idle(rooms["budget"])
        ask("PATCH", "queue", "", policy="natural")


def _scenes(rooms: dict[str, str]) -> list[tuple[str, str, Act]]:
    return [
        ("room-empty", f"/room-{rooms['empty']}", ready),
        ("room-filled", f"/room-{rooms['filled']}", ready),
        ("room-failed", f"/room-{rooms['failed']}", ready),
        ("room-streaming", f"/room-{rooms['streaming']}", _stream),
        ("room-changed", f"/room-{rooms['changed']}", ready),
        ("room-budget", f"/room-{rooms['budget']}", ready),
        ("room-queue", f"/room-{rooms['queue']}", _called),
        ("room-whisper", f"/room-{rooms['filled']}", _whisper),
        ("room-people", f"/room-{rooms['changed']}", _people),
        ("room-settings", f"/room-{rooms['filled']}", _settings),
        ("room-transcript", f"/room-{rooms['filled']}", _transcript),
        ("rooms", "/rooms", _headed),
        ("rooms-new", "/rooms", _new_room),
        ("agents", "/agents", _headed),
        ("agent-edit", "/agent?name=Ren", _tab(0)),
        ("agent-prompt", "/agent?name=Ren", _tab(1)),
        ("agent-compare", "/agent?name=Ren", _tab(2)),
        ("agent-versions", "/agent?name=Ren", _tab(3)),
        ("agent-new", "/agent", _headed),
        ("agent-wrong", "/agent", _unnamed),
        ("models", "/models", _headed),
        ("hardware", "/hardware", _headed),
        ("settings", "/settings", _headed),
    ]


def _scene(browser: Browser, server: Server, folder: Path, name: str, path: str, act: Act) -> None:
    for size, (width, height) in SIZES.items():
        for dark in (False, True):
            locale = "ja-JP" if dark else "en-US"
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
                locale=locale,
            )
            page = context.new_page()
            page.goto(server.url + path)
            act(page)
            expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0)
            page.wait_for_timeout(900)
            ground = "dark-ja" if dark else "light-en"
            page.screenshot(path=folder / f"{name}-{size}-{ground}.png")
            context.close()


def _headed(page: Page) -> None:
    page.get_by_role("heading", level=1).wait_for()


def _tab(number: int) -> Act:
    """The editor with one of the tabs at its right."""

    def act(page: Page) -> None:
        tab = page.get_by_role("tab").nth(number)
        tab.wait_for()
        tab.click()
        page.wait_for_timeout(2_500)
        tab.scroll_into_view_if_needed()

    return act


def _unnamed(page: Page) -> None:
    _headed(page)
    page.locator(".st-key-agent-head button[kind=primary]").click()
    page.locator(".st-key-agent-form [data-testid=stMarkdown]").first.wait_for()


def _stream(page: Page) -> None:
    ready(page)
    say(page, "Tell me a story. [long]")
    page.wait_for_timeout(2_500)


def _called(page: Page) -> None:
    ready(page)
    say(page, "@Aki @Ren what do you think? [long]")
    page.wait_for_timeout(4_000)


def _narrow(page: Page) -> bool:
    return page.viewport_size is not None and page.viewport_size["width"] <= 1100


def _people(page: Page) -> None:
    """On a narrow page the column stands behind a button."""
    ready(page)
    if _narrow(page):
        page.locator(".st-key-company-folded button").click()
        page.locator("[data-testid=stDialog]").wait_for()


def _settings(page: Page) -> None:
    _people(page)
    place = ".st-key-dialog-settings" if _narrow(page) else ".st-key-room-settings"
    page.locator(f"{place} button").click()
    page.locator("[data-testid=stDialog] input").first.wait_for()
    if _narrow(page):
        page.wait_for_timeout(2_000)


def _whisper(page: Page) -> None:
    _people(page)
    place = "dialog" if _narrow(page) else "column"
    page.locator(f".st-key-menu-{place}-Ren button").click()
    page.get_by_role("menuitem").first.click()
    page.locator(".st-key-whisper").wait_for()


def _transcript(page: Page) -> None:
    ready(page)
    page.goto(page.url + "?view=transcript")
    _headed(page)
    page.wait_for_timeout(1_500)


def _new_room(page: Page) -> None:
    _headed(page)
    page.locator(".st-key-new-room-button button").click()
    page.locator("[data-testid=stDialog]").wait_for()


if __name__ == "__main__":
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    if word == "readme":
        readme(Path(sys.argv[1]))
    else:
        take(Path(sys.argv[1]), word)
