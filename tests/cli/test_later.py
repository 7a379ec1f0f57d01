"""Providers that are made when something is asked of them."""

from __future__ import annotations

import pytest

from core.cli.later import later_providers
from core.paths import DataPaths
from core.providers import defaults
from core.providers.base import STARTER
from core.settings import load_settings
from core.workbench import Workbench


def test_a_command_that_asks_no_model_makes_no_provider(
    data_paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    real = defaults.default_providers

    def make(settings):
        found = real(settings)
        made.extend(one.name for one in found)
        return found

    monkeypatch.setattr(defaults, "default_providers", make)
    settings = load_settings(data_dir=data_paths.root)
    bench = Workbench.open(settings, providers=later_providers(settings), serving=False)
    try:
        bench.rooms.list()
        assert made == []
        assert bench.registry.host(STARTER) is None
        assert STARTER in made
    finally:
        bench.close()
