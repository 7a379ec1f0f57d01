"""The Models screen in a real browser: one click switches, downloads go on while one looks away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from testing.running import Server, running as running_app
from testing.scripted_library import Pull
from testing.scripted_ollama import Model, ScriptedOllama
from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def ollama() -> Iterator[ScriptedOllama]:
    models = (Model("small"), Model("large", size=90_000_000))
    with ScriptedOllama(models=models, load_s=1.0) as server:
        server.loaded["small"] = 4096
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, ollama: ScriptedOllama) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("models") / "data"
    default = {"ENGAWA_MODELS__DEFAULT": "ollama:small"}
    with running_app(data, ENGAWA_OLLAMA_URL=ollama.url, **default) as started:
        yield started


def test_one_click_switches_and_measures(
    open_page: OpenPage, app: Server, ollama: ScriptedOllama
) -> None:
    page = open_page("/models", on=app)
    card = page.locator(".st-key-model-ollama-large")
    expect(card).to_contain_text("needed")
    card.get_by_role("button", name="Use this one").click()
    plan = page.get_by_role("dialog")
    expect(plan).to_contain_text("Unload ollama:small")
    expect(plan).to_contain_text("Load ollama:large")
    plan.get_by_role("button", name="Switch now").click()
    expect(page.get_by_text("ollama:large is loaded").first).to_be_visible()
    expect(page.get_by_text("ollama:small is out of memory").first).to_be_visible()
    expect(card).to_contain_text("Everybody speaks with this one")
    expect(card).to_contain_text("in memory")
    assert set(ollama.loaded) == {"large"}


def test_a_download_goes_on_elsewhere_and_is_resumed(
    open_page: OpenPage, app: Server, ollama: ScriptedOllama
) -> None:
    ollama.pulls["fresh"] = Pull(chunks=400, pause_s=0.1)
    page = open_page("/models", on=app)
    page.get_by_label("Name", exact=True).fill("fresh")
    page.get_by_role("button", name="Download").first.click()
    bar = page.locator("[class*=st-key-doing-]")
    expect(bar).to_contain_text("Download of ollama:fresh")
    expect(bar).to_contain_text(" of ")
    page.get_by_role("link", name="Settings").click()
    edge = page.locator("[data-testid=stSidebar]")
    expect(edge).to_contain_text("Download of ollama:fresh")
    edge.get_by_role("button", name="Show").click()
    bar.get_by_role("button", name="Cancel").click()
    over = page.locator("[class*=st-key-done-]").filter(has_text="fresh")
    expect(over).to_contain_text("what arrived is kept")
    ollama.pulls["fresh"].pause_s = 0
    over.get_by_role("button", name="Take it up again").click()
    expect(page.locator(".st-key-model-ollama-fresh")).to_be_visible()
