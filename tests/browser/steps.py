"""What a person does in a room, for the tests to read like one."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

SCROLL = "document.querySelector('[data-testid=stMain]')"


def composer(page: Page) -> Locator:
    return page.locator('[data-testid="stChatInputTextArea"]')


def say(page: Page, text: str) -> None:
    composer(page).fill(text)
    composer(page).press("Enter")


def line(page: Page, seq: int) -> Locator:
    """A finished line, as the page itself draws it."""
    return page.locator(f".st-key-line-{seq} .stChatMessage")


def running(page: Page) -> Locator:
    """Lines that the live view shows."""
    return page.locator(".root.talk .line:not([hidden])")


def stop_button(page: Page) -> Locator:
    return page.locator(".root.foot .stop")


def from_end(page: Page) -> float:
    """Pixels between what is seen and the end of the page."""
    return float(
        page.evaluate(f"() => {SCROLL}.scrollHeight - {SCROLL}.scrollTop - {SCROLL}.clientHeight")
    )


def top(page: Page) -> float:
    return float(page.evaluate(f"() => {SCROLL}.scrollTop"))


def ready(page: Page) -> None:
    expect(composer(page)).to_be_visible()
    expect(page.locator(".root.foot .say")).not_to_be_empty()
