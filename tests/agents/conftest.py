"""What the tests of agents share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import embedding
from core.agents import Agents, files
from core.embedding import Encoder
from core.paths import SYSTEM_AGENTS, DataPaths
from core.settings import load_settings
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
def encoder(data_paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> Encoder:
    """One that is not installed: most tests need none."""
    monkeypatch.setattr(embedding, "installed", lambda: None)
    return Encoder(load_settings(data_dir=data_paths.root))


@pytest.fixture
def agents(
    folder: Path, store: Store, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Agents]:
    """Agents that look at their files anew each time."""
    monkeypatch.setattr(files, "LOOK_AGAIN_S", -1)
    opened = Agents({"system": SYSTEM_AGENTS, "user": folder}, store, encoder)
    yield opened
    opened.close()
