"""A scripted driver in this process, for tests of whatever reads the cards."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing import nvml
from testing.nvml import CARD, Script


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """One healthy card. Outside of such a test the loaded stand-in has no driver."""
    reason = nvml.why_not()
    if reason:
        pytest.skip(reason)
    nvml.load(nvml.build())
    found = Script(tmp_path / "gpu.txt")
    found.write(CARD)
    monkeypatch.setenv(nvml.VARIABLE, str(found.path))
    return found
