"""The first page soon: what Streamlit need not do, and what is done before it is asked for.

Each figure is time of the processor that the first page would wait for.
"""

from __future__ import annotations

from importlib import import_module

from streamlit import delta_generator
from streamlit.components.v2.component_manager import BidiComponentManager

from core.paths import SHELL_PAGE


def spare() -> None:
    """Before the server starts: leave out what this app has no use for."""
    # 0.35 s: reads the description of every installed package, since it may bring components.
    BidiComponentManager.discover_and_register_components = _no_components
    # 0.2 s: looks where every loaded module lies, to warn those who run an app in a shell.
    delta_generator._use_warning_has_been_displayed = True


def prepare() -> None:
    """Once the server answers: import what the first page takes, while the browser loads."""
    import numpy as np  # noqa: F401  (0.15 s: Streamlit takes both to show a first picture)
    from PIL import Image  # noqa: F401

    for file in sorted(SHELL_PAGE.parent.glob("*.py")):
        if file != SHELL_PAGE:  # that one draws when it is run
            import_module(f"pages.{file.stem}")


def _no_components(_manager: BidiComponentManager, *, start_file_watching: bool = True) -> None:
    """Every component of ours is registered by the page that draws it."""
