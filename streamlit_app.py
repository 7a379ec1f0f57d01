"""Engawa's ASGI app: the screens, the API beside them, and the doorkeeper around both.

Run it with `streamlit run streamlit_app.py`, or with `python -m core serve`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from core.imports import without

with without("plotly", "rich"):  # the Hardware screen loads Plotly when it is opened
    import httpx  # noqa: F401
    import streamlit as st

from starlette.middleware import Middleware
from starlette.types import ASGIApp
from streamlit import config

from core.api.access import current_access
from core.api.lifespan import Bind, exit_with, running
from core.api.mount import ApiRoute, Later
from core.api.security import SecurityMiddleware
from core.api.serving import in_charge, note_failure
from core.paths import SHELL_PAGE, STREAMLIT_APP
from core.workbench import current
from pages.ui import quick
from pages.ui.failures import on_script_error

# Streamlit looks for .streamlit/config.toml beside the script that was run.
config._main_script_path = config._main_script_path or str(STREAMLIT_APP)


def bind() -> Bind:
    """Where this server listens, by flag, environment or file: the ASGI scope does not show it."""
    return Bind(config.get_option("server.address") or "", int(config.get_option("server.port")))


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    if in_charge():  # Streamlit reads STREAMLIT_SERVER_* only when its own command starts it
        config.set_option("server.address", os.environ["ENGAWA_HOST"])
        config.set_option("server.port", int(os.environ["ENGAWA_PORT"]))
    async with running(bind(), note_failure if in_charge() else exit_with), api.soon():
        asyncio.get_running_loop().run_in_executor(None, quick.prepare)
        yield


def build() -> ASGIApp:
    from core.api.app import create_app  # a second's work that no screen waits for

    return create_app(current)


quick.spare()
api = Later(build)
app = st.App(
    SHELL_PAGE,
    routes=[ApiRoute(api, current)],
    middleware=[
        Middleware(
            SecurityMiddleware,
            access=current_access,
            bind=lambda: bind().host,
            page=Path(st.__file__).parent / "static" / "index.html",
        )
    ],
    lifespan=lifespan,
    on_script_error=on_script_error,
)
