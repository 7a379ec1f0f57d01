"""The one Workbench of this process, as the screens reach it."""

from __future__ import annotations

from core import workbench as composition


def workbench() -> composition.Workbench:
    """The Workbench that the server's lifespan opened (in tests: that a fixture set)."""
    return composition.current()
