"""What somebody else wrote never becomes an element that acts, and never loads anything.

The page's own policy (CSP) is switched off here: the screens must be safe without it.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from pages.ui.agent_cards import MOST
from tests.browser.conftest import OpenPage, Server
from tests.browser.payloads import CANARY, payloads
from tests.browser.steps import line, ready, running, say

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PER_ROOM = 48
FIND = f"""() => {{
  const bad = [];
  const walk = (root) => {{
    for (const node of root.querySelectorAll('*')) {{
      if (node.shadowRoot) walk(node.shadowRoot);
      for (const {{ name, value }} of node.attributes) {{
        const links = name === 'href' || name === 'src' || name === 'style' || name === 'data';
        if (links && /{CANARY}|javascript:|vbscript:/i.test(value)) bad.push(node.outerHTML);
        if (name.startsWith('on')) bad.push(node.outerHTML);
      }}
    }}
  }};
  walk(document);
  return bad.map((html) => html.slice(0, 200));
}}"""


def check(page: Page) -> None:
    """Nothing ran, and nothing in the page points to where it should not."""
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.__ran || 0") == 0
    assert page.evaluate(FIND) == []


def test_there_are_enough() -> None:
    assert len(payloads()) >= 200


@pytest.mark.parametrize("part", range((len(payloads()) + PER_ROOM - 1) // PER_ROOM))
def test_messages_and_senders(open_page: OpenPage, server: Server, part: int) -> None:
    room = server.room(f"Hostile {part}")
    chosen = payloads()[part * PER_ROOM : (part + 1) * PER_ROOM]
    for payload in chosen:
        sender = " ".join(payload.replace("\x00", "").split())[:60]
        server.say(room, payload.replace("\x00", ""), sender=sender)
    page = open_page(f"/room-{room}", bypass_csp=True)
    ready(page)
    expect(line(page, len(chosen))).to_be_visible()
    check(page)


def test_the_live_view(open_page: OpenPage, server: Server) -> None:
    room = server.room("Hostile live", "Ren")
    page = open_page(f"/room-{room}", bypass_csp=True)
    ready(page)
    text = "\n\n".join(payload.replace("\x00", "") for payload in payloads())
    server.say(room, "[say] " + text)
    expect(running(page).last.locator(".text")).not_to_be_empty()
    for _moment in range(6):
        check(page)
    server.wait_idle(room, 120)
    expect(line(page, 2)).to_be_visible(timeout=30_000)
    check(page)


def _letters(text: str) -> str:
    """Without blanks and without the joiners that keep an address from becoming a link."""
    return "".join(text.replace("\u2060", "").split())


def _straight(name: str) -> str:
    """Without the signs that turn the direction in which letters are read."""
    return re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", name)


@pytest.mark.parametrize("number", range(0, 25, 3))
def test_names_of_rooms(open_page: OpenPage, server: Server, number: int) -> None:
    name = " ".join(payloads()[number].replace("\x00", "").split())[:70] + str(number)
    room = server.room(name, "Ren")
    page = open_page(f"/room-{room}", bypass_csp=True)
    ready(page)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(str(number))
    assert _letters(heading.inner_text()) == _letters(_straight(name))
    check(page)
    page.get_by_role("link", name="All rooms").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("All rooms")
    check(page)


def test_agents_and_the_users_own_name(open_page: OpenPage, server: Server) -> None:
    folder = server.data / "agents"
    chosen = [one for one in payloads() if "\n" not in one and "\x00" not in one][:40]
    for number, payload in enumerate(chosen):
        quoted = payload.replace("'", "''").replace("\t", " ")
        head = f"name: '{quoted[:70]}{number}'\ndescription: '{quoted}'\nroles: ['{quoted}']"
        if quoted[:70].count("'") % 2:
            head = f"name: 'Hostile {number}'\ndescription: '{quoted}'\nroles: ['{quoted}']"
        (folder / f"hostile-{number}.md").write_text(f"---\n{head}\n---\n{payload}\n", "utf-8")
    try:
        page = open_page("/agents", bypass_csp=True)
        expect(page.get_by_role("heading", level=1)).to_have_text("Agents")
        with server.client as client:
            everybody = client.get("/api/v1/agents").json()["agents"]
        assert len(everybody) > len(chosen)
        names = page.locator("button strong")
        expect(names).to_have_count(min(MOST, len(everybody)))
        check(page)
        page.get_by_role("link", name="Settings").click()
        name = page.get_by_label("Under this name you write in rooms.")
        name.fill(chosen[1][:40])
        name.press("Enter")
        room = server.room("Hostile me")
        page.goto(f"{server.url}/room-{room}")
        ready(page)
        say(page, "hello")
        expect(line(page, 1)).to_be_visible()
        check(page)
        page.goto(f"{server.url}/settings")
        expect(page.get_by_label("Under this name you write in rooms.")).to_have_value(
            chosen[1][:40]
        )
        check(page)
        name = page.get_by_label("Under this name you write in rooms.")
        name.fill("")
        name.press("Enter")
        page.wait_for_timeout(500)
    finally:
        for path in folder.glob("hostile-*.md"):
            path.unlink()
