"""Forecasts beside what was then measured."""

from __future__ import annotations

import streamlit as st

from core.text import _
from core.workbench import Workbench
from pages.ui import words
from pages.ui.markdown import quiet

SHOWN = 8


def forecasts(bench: Workbench) -> None:
    """The last loads: what was forecast, what it took, how far that was off."""
    st.subheader(_("Forecasts and what was measured"), anchor=False)
    found = bench.forecasts.kept.recent(SHOWN)
    if not found:
        quiet(_("A forecast is compared with the memory that was used when a model is loaded."))
        return
    rows = [
        {
            _("Model"): one.model,
            _("Context"): one.context_tokens,
            _("Forecast"): words.size(one.total_bytes),
            _("Measured"): words.size(one.measured_bytes),
            _("Error"): f"{one.error_percent:+.0f} %",
        }
        for one in found
    ]
    st.dataframe(rows, hide_index=True)
