"""The settings: language and your name first, then where things are, then diagnostics."""

from __future__ import annotations

import streamlit as st

from core.text import _
from pages.ui import care, clients, filters, frame, settings_groups
from pages.ui.diagnostics import diagnostics
from pages.ui.engine import workbench

WIDTH = 640


def show() -> None:
    """Short groups, each with its sentence."""
    frame.head(_("Settings"))
    bench = workbench()
    with st.container(width=WIDTH):
        settings_groups.language(bench)
        settings_groups.name(bench)
        settings_groups.appearance()
        filters.settings(bench)
        care.settings(bench)
        settings_groups.places(bench)
        clients.settings(bench)
        diagnostics(bench.settings)


if __name__ == "__main__":
    frame.alone(show)
