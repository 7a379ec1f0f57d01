"""A room in a real browser: writing, streaming, reloading, sharing, stopping."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from testing.running import running as running_app
from tests.browser.conftest import OpenPage, Server
from tests.browser.steps import composer, line, ready, running, say, stop_button

TAKE_REPLY = """(line) => {
  line.querySelector("summary").click();
  [...line.querySelectorAll("[role=menuitem]")].find((item) => item.innerText === "Reply").click();
  return line.querySelector("strong").textContent;
}"""

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_a_newcomer_writes_and_three_people_answer(open_page: OpenPage, tmp_path: Path) -> None:
    with running_app(tmp_path / "data") as fresh:
        page = open_page(on=fresh)
        ready(page)
        _first_words(page)
        page.close()


def _first_words(page: Page) -> None:
    expect(page.get_by_text("I keep this veranda")).to_be_visible()
    page.get_by_role("button", name="What can I do here?").click()
    for seq, name in enumerate(("You", "Mizuho", "Ren", "Aki"), start=1):
        expect(line(page, seq)).to_contain_text(name)
    expect(line(page, 4)).to_contain_text("collected echoes")
    expect(page.get_by_text("I keep this veranda")).to_have_count(0)


def test_words_appear_while_they_are_said(open_page: OpenPage, server: Server) -> None:
    room = server.room("Stream", "Mizuho", "Ren")
    page = open_page(f"/room-{room}")
    ready(page)
    say(page, "[long] Hello")
    first = running(page).filter(has_text="Mizuho").locator(".text")
    expect(first).to_contain_text("Please, sit down.")
    before = len(first.inner_text())
    page.wait_for_timeout(500)
    assert len(first.inner_text()) > before
    expect(page.locator(".root.foot .say")).to_have_text("Mizuho is speaking, then Ren")
    expect(running(page).filter(has_text="Ren")).to_be_visible(timeout=30_000)
    expect(line(page, 3)).to_be_visible(timeout=30_000)
    expect(running(page)).to_have_count(0)


def test_a_reload_in_the_middle_loses_and_doubles_nothing(
    open_page: OpenPage, server: Server
) -> None:
    room = server.room("Reload", "Mizuho")
    page = open_page(f"/room-{room}")
    ready(page)
    say(page, "[long] Hello")
    expect(running(page).filter(has_text="Mizuho")).to_be_visible()
    page.wait_for_timeout(400)
    page.reload()
    expect(running(page).locator(".text")).to_contain_text("Please, sit down.")
    stored = server.wait_idle(room)
    expect(line(page, 2)).to_be_visible()
    assert len(stored) == 2
    assert stored[1]["status"] == "complete"
    shown = " ".join(line(page, 2).inner_text().split())
    assert " ".join(stored[1]["content"].split()) in shown
    expect(page.locator('[class*="st-key-line-"]')).to_have_count(2)


def test_two_browsers_see_the_same(open_page: OpenPage, server: Server) -> None:
    room = server.room("Shared", "Ren")
    one = open_page(f"/room-{room}")
    two = open_page(f"/room-{room}", locale="ja-JP")
    ready(one)
    ready(two)
    say(one, "Hello from the first")
    expect(two.get_by_text("Hello from the first").first).to_be_visible()
    for page in (one, two):
        expect(line(page, 2)).to_contain_text("The rest is")
    assert line(one, 2).locator("li").count() == line(two, 2).locator("li").count() == 3


def test_stop_ends_the_reply_and_the_round(open_page: OpenPage, server: Server) -> None:
    room = server.room("Stop", "Mizuho", "Ren")
    page = open_page(f"/room-{room}")
    ready(page)
    expect(stop_button(page)).to_be_hidden()
    say(page, "[long] Hello")
    expect(running(page).filter(has_text="Mizuho").locator(".text")).to_contain_text("Please")
    stop_button(page).click()
    expect(line(page, 2)).to_contain_text("Stopped by you.")
    expect(stop_button(page)).to_be_hidden()
    stored = server.wait_idle(room)
    assert [one["status"] for one in stored] == ["complete", "stopped"]


def test_what_went_wrong_is_said_in_words(open_page: OpenPage, server: Server) -> None:
    room = server.room("Wrong", "Ren")
    page = open_page(f"/room-{room}")
    ready(page)
    say(page, "[away]")
    expect(line(page, 2)).to_contain_text("No answer came.")
    expect(line(page, 2)).to_contain_text("ollama serve")
    say(page, "[break]")
    expect(line(page, 4)).to_contain_text("It broke off here.")
    expect(line(page, 4)).to_contain_text("Short version")


def test_a_closed_tab_changes_nothing(open_page: OpenPage, server: Server) -> None:
    room = server.room("Closed", "Mizuho")
    page = open_page(f"/room-{room}")
    ready(page)
    say(page, "[long] Hello")
    expect(running(page).filter(has_text="Mizuho")).to_be_visible()
    page.close()
    stored = server.wait_idle(room)
    assert stored[1]["status"] == "complete"
    assert stored[1]["content"].count("veranda") == 10


def test_a_draft_survives_a_finished_line(open_page: OpenPage, server: Server) -> None:
    room = server.room("Draft", "Mizuho")
    page = open_page(f"/room-{room}")
    ready(page)
    say(page, "Hello")
    composer(page).fill("half a thought")
    expect(line(page, 2)).to_be_visible()
    expect(composer(page)).to_have_value("half a thought")
    expect(composer(page)).to_be_focused()


def test_reply_and_delete_from_the_menu(open_page: OpenPage, server: Server) -> None:
    room = server.room("Menu", "Ren")
    server.say(room, "the first thing")
    server.wait_idle(room)
    page = open_page(f"/room-{room}")
    ready(page)
    page.locator(".st-key-menu-1 button").click()
    page.get_by_role("menuitem", name="Reply").click()
    expect(page.locator(".st-key-composer")).to_contain_text("Guest: the first thing")
    say(page, "an answer to it")
    expect(line(page, 3)).to_contain_text("Guest: the first thing")
    expect(page.locator(".st-key-composer")).not_to_contain_text("Guest: the first thing")
    page.locator(".st-key-menu-1 button").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".st-key-line-1")).to_contain_text("A line was deleted here.")
    assert server.lines(room)[0]["content"] == ""


def test_what_is_chosen_in_the_middle_of_a_round_reaches_the_composer(
    open_page: OpenPage, server: Server
) -> None:
    room = server.room("Early menu", "Mizuho", "Ren", "Aki")
    page = open_page(f"/room-{room}")
    ready(page)
    say(page, "[long] Hello")
    # Whichever finished line the live view shows beside one that is being said. In one step:
    # the page may draw the line itself at any moment, with a menu of its own.
    shown = page.locator(".root.talk:has(.pending) .line:not(.pending):not([hidden]):has(.menu)")
    sender = shown.first.evaluate(TAKE_REPLY)
    expect(page.locator(".st-key-composer")).to_contain_text(f"{sender}:")
    expect(line(page, 4)).to_contain_text("Aki", timeout=60_000)
    expect(line(page, 4).get_by_role("button", name="More")).to_be_visible()


def test_an_answer_is_given_again_in_its_place_and_swiped_back(
    open_page: OpenPage, server: Server
) -> None:
    room = server.room("Swipe", "Ren")
    server.say(room, "first thing")
    server.wait_idle(room)
    with server.client as client:
        for seq, words in ((1, "[slow] first thing"), (2, "The words of before.")):
            address = f"/api/v1/rooms/{room}/messages/{seq}"
            client.patch(address, json={"content": words}).raise_for_status()
    page = open_page(f"/room-{room}")
    ready(page)
    expect(line(page, 2)).to_contain_text("The words of before.")
    page.locator(".st-key-menu-2 button").click()
    page.get_by_role("menuitem", name="Answer again").click()
    expect(line(page, 2).locator(".root.again .text")).to_contain_text("Short")
    stop_button(page).click()
    expect(line(page, 2)).to_contain_text("Stopped by you.")
    expect(line(page, 2)).to_contain_text("2 / 2")
    # By role: Streamlit draws a button with a tooltip twice, and hides one.
    page.get_by_role("button", name="The answer before").click()
    expect(line(page, 2)).to_contain_text("The words of before.")
    page.get_by_role("button", name="The next answer").click()
    expect(line(page, 2)).to_contain_text("Short")
    assert server.lines(room)[1]["variant"] == 2


def test_a_whisper_is_heard_by_whom_it_is_for(open_page: OpenPage, server: Server) -> None:
    room = server.room("Whisper", "Mizuho", "Ren")
    page = open_page(f"/room-{room}")
    ready(page)
    page.locator(".st-key-menu-column-Ren button").click()
    page.get_by_role("menuitem", name="Whisper").click()
    expect(page.locator(".st-key-whisper")).to_contain_text("Whisper to")
    expect(composer(page)).to_have_attribute("placeholder", "Only Ren will hear it")
    say(page, "between us")
    expect(line(page, 2)).to_contain_text("whispered to You")
    assert [one["to"] for one in server.wait_idle(room)] == [["Ren"], ["You"]]
    page.get_by_role("button", name="To everybody").click()
    expect(page.locator(".st-key-whisper")).to_have_count(0)
