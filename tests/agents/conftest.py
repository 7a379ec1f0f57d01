"""What the tests of agents share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.agents import Agents, files
from core.paths import SYSTEM_AGENTS, DataPaths
from core.store import Store


@pytest.fixture
def store(data_paths: DataPaths) -> Iterator[Store]:
    opened = Store.open(data_paths)
    yield opened
    opened.close()


@pytest.fixture
def folder(data_paths: DataPaths) -> Path:
    """The user's folder of agents."""
    return data_paths.agents


@pytest.fixture
def agents(folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> Agents:
    """Agents that look at their files anew each time."""
    monkeypatch.setattr(files, "LOOK_AGAIN_S", -1)
    return Agents({"system": SYSTEM_AGENTS, "user": folder}, store)
