"""The frame around the rooms: addresses, languages, dialogs, and where the reader stands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from testing.running import running as start
from tests.browser.conftest import OpenPage, Server
from tests.browser.steps import SCROLL, composer, from_end, line, ready, running, say, top

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SCREENS = {
    "/rooms": "All rooms",
    "/agents": "Agents",
    "/models": "Models",
    "/hardware": "Hardware",
    "/settings": "Settings",
}


@pytest.mark.parametrize(("path", "heading"), SCREENS.items())
def test_a_first_visit_by_its_address(open_page: OpenPage, path: str, heading: str) -> None:
    page = open_page(path)
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(page).to_have_title(f"{heading} · Engawa")
    expect(page.get_by_text("Page not found")).to_have_count(0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads what a process has mapped")
def test_a_room_is_drawn_without_the_libraries_of_tables(
    open_page: OpenPage, tmp_path: Path
) -> None:
    with start(tmp_path / "data") as server:
        page = open_page("/", on=server)
        ready(page)
        page.wait_for_timeout(500)
        mapped = Path(f"/proc/{server.process.pid}/maps").read_text(encoding="utf-8")
    for name in ("pandas", "pyarrow", "torch"):
        assert f"site-packages/{name}/" not in mapped


def test_an_old_room_by_its_address(open_page: OpenPage, server: Server) -> None:
    old = server.room("The old one", "Ren")
    for number in range(8):
        server.room(f"Newer {number}")
    page = open_page(f"/room-{old}")
    expect(page.get_by_role("heading", level=1)).to_have_text("The old one")
    ready(page)
    page.get_by_role("link", name="Agents").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Agents")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("The old one")


def test_the_language_of_the_browser_and_the_chosen_one(open_page: OpenPage) -> None:
    page = open_page("/settings", locale="ja-JP")
    expect(page.get_by_role("heading", level=1)).to_have_text("設定")
    page.get_by_text("English", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    expect(page.get_by_role("link", name="All rooms")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    page.get_by_text("As the browser wants it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("設定")


def test_a_room_is_made_renamed_deleted_and_brought_back(
    open_page: OpenPage, server: Server
) -> None:
    page = open_page("/rooms")
    page.get_by_role("button", name="New room").click()
    dialog = page.get_by_test_id("stDialog")
    dialog.get_by_label("Name").fill("Engawa")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_contain_text("already taken")
    dialog.get_by_label("Name").fill("Tea house")
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tea house")
    page.get_by_role("button", name="Room settings").click()
    dialog.get_by_label("Name").fill("Tea garden")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tea garden")
    page.get_by_role("button", name="Room settings").click()
    dialog.get_by_role("button", name="Delete this room").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("All rooms")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tea garden")


def test_the_view_follows_at_the_end_and_stays_elsewhere(
    open_page: OpenPage, server: Server
) -> None:
    room = server.room("Scroll", "Mizuho", "Ren")
    server.say(room, "[long] before")
    server.wait_idle(room)
    page = open_page(f"/room-{room}")
    ready(page)
    expect(line(page, 3)).to_be_visible()
    say(page, "[long] again")
    for _moment in range(8):
        page.wait_for_timeout(250)
        assert from_end(page) < 60
    page.mouse.move(600, 300)
    page.mouse.wheel(0, -500)
    page.wait_for_timeout(300)
    stayed = top(page)
    for _moment in range(10):
        page.wait_for_timeout(300)
        assert abs(top(page) - stayed) <= 2
    page.locator(".root.foot .down").click()
    page.wait_for_timeout(200)
    assert from_end(page) < 60
    server.wait_idle(room)
    expect(running(page)).to_have_count(0)
    assert from_end(page) < 60


def test_finished_lines_keep_their_nodes(open_page: OpenPage, server: Server) -> None:
    room = server.room("Nodes", "Ren")
    server.say(room, "first")
    server.wait_idle(room)
    page = open_page(f"/room-{room}")
    ready(page)
    expect(line(page, 2)).to_be_visible()
    page.evaluate(
        "() => document.querySelectorAll('[class*=st-key-line-] *').forEach(n => n.__old = 1)"
    )
    say(page, "second")
    expect(line(page, 4)).to_be_visible()
    assert page.evaluate(
        "() => [1, 2].every(seq => [...document.querySelectorAll(`.st-key-line-${seq} *`)]"
        ".every(node => node.__old))"
    )


def test_older_lines_do_not_move_what_is_read(open_page: OpenPage, server: Server) -> None:
    room = server.room("Older")
    for number in range(70):
        server.say(room, f"line {number + 1}")
    page = open_page(f"/room-{room}")
    ready(page)
    expect(line(page, 70)).to_be_visible()
    assert from_end(page) < 5
    page.mouse.move(600, 300)
    page.mouse.wheel(0, -100_000)
    page.wait_for_function(f"() => {SCROLL}.scrollTop === 0")
    before = line(page, 21).bounding_box()
    page.get_by_role("button", name="Show older lines").click()
    expect(line(page, 1)).to_be_attached()
    assert before is not None
    moved = page.locator(".st-key-line-21 .stChatMessage")
    for _look in range(50):  # the page settles when all older lines are drawn
        page.wait_for_timeout(100)
        after = moved.bounding_box()
        if after is not None and abs(before["y"] - after["y"]) < 70:
            break
    assert after is not None
    assert abs(before["y"] - after["y"]) < 70  # the button that is gone stood above it


def test_a_lost_connection_is_said_and_resumed(open_page: OpenPage, server: Server) -> None:
    room = server.room("Lost", "Mizuho")
    page = open_page(f"/room-{room}")
    ready(page)
    say(page, "[long] hello")
    expect(running(page).filter(has_text="Mizuho").locator(".text")).to_contain_text("Please")
    page.context.set_offline(True)
    page.wait_for_timeout(700)
    page.context.set_offline(False)
    stored = server.wait_idle(room)
    expect(line(page, 2)).to_be_visible(timeout=40_000)
    shown = " ".join(line(page, 2).inner_text().split())
    assert " ".join(stored[1]["content"].split()) in shown
    expect(composer(page)).to_be_visible()
