"""What the tests of agents share."""

from __future__ import annotations

import pytest

from core.agents import files


@pytest.fixture
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the folder is a fresh one."""
    monkeypatch.setattr(files, "LOOK_AGAIN_S", -1)
