"""Screens without a browser: Streamlit's own AppTest over a workbench with scripted models."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.paths import PROJECT
from core.workbench import Workbench

TIMEOUT_S = 20
OpenScreen = Callable[..., AppTest]


@pytest.fixture
def screen(workbench: Workbench) -> OpenScreen:
    """Opens one screen's file, or the shell, and runs it once."""
    st.cache_resource.clear()

    def open_one(name: str, /, **query: str) -> AppTest:
        test = AppTest.from_file(str(PROJECT / "pages" / f"{name}.py"), default_timeout=TIMEOUT_S)
        for key, value in query.items():
            test.query_params[key] = value
        return test.run()

    return open_one


def texts(test: AppTest) -> str:
    """Everything that the screen says in Markdown, in one string."""
    return "\n".join(element.value for element in test.markdown)
