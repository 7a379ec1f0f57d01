"""Agents in a real browser: written in the form, met in a room, edited by two at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from core.starter.tones import tone_heard
from testing.patience import within
from testing.running import Server, running as running_app
from tests.browser.conftest import OpenPage
from tests.browser.steps import line, ready, say

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

STARTS_S = 60  # the starter's process loads its libraries first


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app as it is delivered, with the starter model."""
    with running_app(tmp_path_factory.mktemp("real") / "data", serve=True) as started:
        yield started


def fill(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Tab")


def add(page: Page, label: str, item: str) -> None:
    """Type an entry of a list."""
    field = page.get_by_role("combobox", name=label)
    field.click()
    field.fill(item)
    field.press("Enter")
    field.press("Escape")


def preview(page: Page) -> Locator:
    return page.locator(".st-key-agent-preview")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def test_who_is_written_in_the_form_answers_in_a_room(open_page: OpenPage, real: Server) -> None:
    page = open_page("/agents", on=real)
    page.get_by_role("button", name="New agent").click()
    expect(heading(page)).to_have_text("New agent")
    fill(page, "Name", "Hanako")
    add(page, "Roles", "gardener")
    add(page, "Personalities", "patient")
    add(page, "Tones", "polite")
    expect(preview(page)).to_contain_text("Hanako")
    save(page)
    expect(page.get_by_text("Hanako is saved.")).to_be_visible()
    expect(page).to_have_url(real.url + "/agent?name=Hanako")

    room = real.room("Garden", "Hanako")
    page.goto(f"{real.url}/room-{room}")
    ready(page)
    say(page, "Who are you?")
    expect(line(page, 2)).to_contain_text("Hanako", timeout=within(STARTS_S) * 1000)
    reply = real.wait_idle(room, within(30))[-1]
    assert (reply["sender"], reply["status"], reply["model"]) == ("Hanako", "complete", "starter")
    assert "Hanako" in reply["content"]
    assert tone_heard(reply["content"], "en", "polite"), reply["content"]


def test_a_sample_streams_while_one_writes(open_page: OpenPage, server: Server) -> None:
    page = open_page("/agent?name=Mizuho", on=server)
    expect(preview(page)).to_contain_text("Please, sit down.")
    fill(page, "You say", "[long] Hello")
    stop = preview(page).get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    fill(page, "Gender", "still typing")
    expect(page.get_by_label("Gender", exact=True)).to_have_value("still typing")
    expect(stop).to_be_visible()
    stop.click()
    expect(preview(page)).to_contain_text("Stopped by you.")
    expect(page.get_by_text("Not saved yet.", exact=False).first).to_be_visible()


def test_two_editors_meet_in_a_conflict(open_page: OpenPage, server: Server) -> None:
    one = open_page("/agent?name=Ren", on=server)
    other = open_page("/agent?name=Ren", on=server)
    for page in (one, other):
        expect(page.get_by_label("Background", exact=True)).not_to_be_empty()
    fill(one, "Background", "Repairs clocks.")
    save(one)
    expect(one.get_by_text("Ren is saved.")).to_be_visible()
    fill(other, "Gender", "not told")
    save(other)
    conflict = other.locator(".st-key-agent-conflict")
    expect(conflict).to_contain_text("Somebody else has saved this agent")
    expect(conflict).to_contain_text("Repairs clocks.")
    expect(conflict).to_contain_text("not told")
    conflict.get_by_role("button", name="Put mine onto theirs").click()
    expect(conflict).to_have_count(0)
    save(other)
    expect(other.get_by_text("Ren is saved.")).to_be_visible()
    text = (server.data / "agents" / "ren.md").read_text(encoding="utf-8")
    assert "Repairs clocks." in text
    assert "not told" in text


def test_an_agent_is_found_copied_deleted_and_brought_back(
    open_page: OpenPage, server: Server
) -> None:
    page = open_page("/agents", on=server)
    page.get_by_placeholder("Who could help with").fill("storyteller")
    expect(page.get_by_role("button", name="Clara")).to_have_count(0)
    page.get_by_role("button", name="Aki", exact=True).click()
    expect(heading(page)).to_have_text("Aki")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Duplicate").click()
    expect(heading(page)).to_have_text("Aki 2")
    page.reload()
    expect(heading(page)).to_have_text("Aki 2")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(heading(page)).to_have_text("Agents")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_role("button", name="Aki 2", exact=True)).to_be_visible()


def test_a_picture_is_seen_in_the_room(open_page: OpenPage, server: Server, tmp_path: Path) -> None:
    from PIL import Image

    file = tmp_path / "me.png"
    Image.new("RGB", (200, 300), "teal").save(file)
    page = open_page("/agent?name=Nils", on=server)
    page.get_by_role("button", name="Picture").click()
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_role("button", name="Use the drawn face")).to_be_visible()
    save(page)
    expect(page.get_by_text("Nils is saved.")).to_be_visible()
    room = server.room("Seen", "Nils")
    page.goto(f"{server.url}/room-{room}")
    ready(page)
    faces = page.locator('.st-key-company img[src^="data:image/webp"]')
    expect(faces).to_have_count(1)
