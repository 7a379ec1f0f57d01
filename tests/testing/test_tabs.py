"""Tabs without a browser: they get the page, and its live parts again and again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from testing.patience import within
from testing.running import running
from testing.tabs import Tab, open_tabs


@pytest.mark.slow
def test_tabs_get_the_charts_and_every_new_point(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server, open_tabs(server, "hardware", 2) as tabs:
        for tab in tabs:
            assert tab.charts(), "the page has drawn its charts"
        before = [_newest(tab) for tab in tabs]
        end = time.monotonic() + within(10)
        while any(_newest(tab) <= old for tab, old in zip(tabs, before, strict=True)):
            assert time.monotonic() < end, "a tab got no new point"
            time.sleep(0.1)


def _newest(tab: Tab) -> float:
    return float(tab.charts()[0]["data"][0]["x"][-1])
