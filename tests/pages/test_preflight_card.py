"""The card above a talk whose models do not fit, and its buttons."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st

from core.hardware.forecast import Forecasts, KvLayer, ModelShape
from core.hardware.snapshot import Gpu, Snapshot
from core.rooms.preflight import Preflights
from core.workbench import Workbench
from tests.pages.conftest import OpenScreen, texts

ROOM = "Engawa"
GB = 10**9


def with_card(bench: Workbench, monkeypatch: pytest.MonkeyPatch, free_gb: float) -> None:
    """The starter takes 4 GB and 2 GB of keys and values at 4,096 tokens, on a card of 100."""
    st.cache_data.clear()
    numbers = int(2 * GB / 4096 / 4)

    def shape(ref: str) -> ModelShape:
        return ModelShape(ref, "llama.cpp", "llama", (KvLayer(1, numbers, numbers),), 4 * GB)

    card = Gpu(0, memory_total_bytes=100 * GB, memory_free_bytes=int(free_gb * GB))
    now = Snapshot(0.0, None, GB, 100 * GB, gpus=(card,))
    forecasts = Forecasts(shape, lambda: now, 4096)
    encoder = SimpleNamespace(of=lambda: ("encoder", GB // 2))
    found = Preflights(bench.rooms, bench.registry, forecasts.of, lambda: now, encoder.of, 4096)
    monkeypatch.setattr(bench, "preflights", found)


def test_there_is_no_card_when_all_fits(
    workbench: Workbench, screen: OpenScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_card(workbench, monkeypatch, free_gb=50)
    assert "does not fit" not in texts(screen("room"))


def test_what_does_not_fit_is_named_and_the_button_makes_it_fit(
    workbench: Workbench, screen: OpenScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_card(workbench, monkeypatch, free_gb=7)
    test = screen("room")
    assert "starter does not fit" in texts(test).replace("\\", "")
    button = test.button(key="remedy-context")
    assert button.label.startswith("Shorter context: ")
    button.click().run()
    context = workbench.rooms.get(ROOM).context_tokens
    assert context is not None
    assert 1024 <= context < 4096
    assert "does not fit" not in texts(test)
