"""What the reader looks at stays where it is, whichever way lines come and go around it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from core.paths import PROJECT
from tests.browser.steps import from_end, top

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

PAGE = """<div data-testid="stMain" style="height: 500px; overflow: auto">
<div data-testid="stMainBlockContainer"></div></div>"""
SCRIPT = """
const main = document.querySelector('[data-testid=stMain]');
const lines = document.querySelector('[data-testid=stMainBlockContainer]');
const line = (seq) => lines.querySelector(`.st-key-line-${seq}`);
const place = (seq) => line(seq).getBoundingClientRect().top;
const drawn = () => new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)));
const made = (seq) => {
  const node = document.createElement("div");
  node.className = `st-key-line-${seq}`;
  node.style.height = "80px";
  return node;
};
for (let seq = 21; seq <= 70; seq++) lines.append(made(seq));
const follower = new Follower(() => {});
"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A room of fifty lines without Streamlit, seen at its end."""
    context = chromium.new_context()
    page = context.new_page()
    page.set_content(PAGE)
    source = (PROJECT / "pages" / "ui" / "live" / "scroll.js").read_text(encoding="utf-8")
    page.add_script_tag(content=source + SCRIPT)
    page.evaluate("drawn()")
    yield page
    context.close()


def scroll(page: Page, pixels: int) -> None:
    page.evaluate(
        "async (pixels) => { main.scrollTop += pixels; await drawn(); await drawn(); }", pixels
    )


def test_older_lines_that_come_one_after_another(page: Page) -> None:
    assert from_end(page) == 0
    scroll(page, -100_000)
    before = page.evaluate("place(21)")
    # As Streamlit does it: 21 becomes 1, 22 becomes 2, and what stood there comes back later.
    page.evaluate(
        """async () => {
          for (let number = 0; number < 70; number++) {
            const there = lines.children[number];
            if (there) there.replaceWith(made(number + 1));
            else lines.append(made(number + 1));
            if (number % 3 === 0) await drawn();
          }
          await drawn();
        }"""
    )
    assert page.evaluate("place(21)") == before
    assert top(page) == 20 * 80


def test_a_line_that_goes_moves_no_other(page: Page) -> None:
    scroll(page, -1_000)
    rows = "[...lines.children]"
    seen = 21 + page.evaluate(f"{rows}.findIndex((one) => one.getBoundingClientRect().bottom > 60)")
    before = page.evaluate(f"place({seen + 2})")
    for gone in (seen, 22):
        page.evaluate(f"async () => {{ line({gone}).remove(); await drawn(); }}")
        assert page.evaluate(f"place({seen + 2})") == before


def test_who_scrolls_while_a_line_comes_is_not_pulled_back(page: Page) -> None:
    page.evaluate("async () => { main.scrollTop -= 1000; lines.append(made(71)); await drawn(); }")
    assert from_end(page) == 1_080
    scroll(page, 100_000)
    page.evaluate("async () => { lines.append(made(72)); await drawn(); }")
    assert from_end(page) == 0
