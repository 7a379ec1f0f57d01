"""Loads libraries quickly, without the extras that they take along whenever they are installed.

Some libraries import an optional one at once, for a feature that is not used here, or only
later: Streamlit imports Plotly, httpx the drawing of its own command line, uvicorn a watcher of
files. They all know how to do without.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Within it these packages count as not installed; afterwards they can be imported.

    What was imported before stays. For the start of a process: other threads must not import
    these packages meanwhile.
    """
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: cannot be found
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def no_collecting() -> Iterator[None]:
    """Within it no garbage is looked for: next to nothing that a module makes ever becomes any.

    That takes an eighth off the time of an import. What is there at the end is never looked at
    again. For the start of a process.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
