"""What the server loads before it answers, and what it leaves for later."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api.mount import Later
from core.imports import without
from core.paths import PROJECT

# Each costs a tenth of a second to a second; who uses it imports it then.
LATER = (
    *("fastapi", "plotly", "pandas", "pyarrow", "numpy", "streamlit_chat", "alembic", "babel"),
    *("langchain_core", "ollama", "rich", "torch", "transformers", "chromadb", "watchfiles"),
    "core.rooms.transfer.document",
)
LOADED = "import sys, streamlit_app; print(*sys.modules)"


def test_the_server_answers_before_it_has_loaded_what_only_some_use() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "streamlit" in loaded
    assert sorted(loaded & set(LATER)) == []


def test_a_package_counts_as_missing_only_for_a_while() -> None:
    sys.modules.pop("colorsys", None)
    with without("colorsys", "json"):
        with pytest.raises(ImportError):
            __import__("colorsys")
        assert __import__("json") is sys.modules["json"]  # it was there before
    assert __import__("colorsys").rgb_to_hsv


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """An app that answers nothing."""


def test_callers_who_come_together_wait_for_one_building() -> None:
    built: list[int] = []

    def build() -> ASGIApp:
        built.append(threading.get_ident())
        time.sleep(0.05)
        return _nothing

    async def call(app: Later) -> None:
        await app({"type": "http"}, None, None)  # type: ignore[arg-type]

    async def together() -> None:
        app = Later(build)
        await asyncio.gather(*(call(app) for _number in range(5)))
        await call(app)

    asyncio.run(together())
    assert len(built) == 1
    assert built[0] != threading.get_ident()  # the loop goes on meanwhile


PREPARED = """
import sys, streamlit_app
from pages.ui import quick
from streamlit.components.v2 import manifest_scanner
from streamlit.components.v2.component_manager import BidiComponentManager
manifest_scanner.scan_component_manifests = None
BidiComponentManager().discover_and_register_components()
before = set(sys.modules)
quick.prepare()
print(*sorted(set(sys.modules) - before))
"""


def test_the_screens_are_loaded_before_they_are_asked_for() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PREPARED], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert {"pages.room", "pages.models", "numpy", "PIL.Image"} <= loaded
    assert sorted(loaded & {"pages.shell", "plotly", "pandas", "fastapi"}) == []
    assert "Failed to scan" not in done.stderr, "no package is searched for components"


def test_garbage_is_looked_for_again_once_the_imports_are_done() -> None:
    code = "import gc, core.__main__; print(gc.isenabled(), gc.get_freeze_count() > 10_000)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "True"]
