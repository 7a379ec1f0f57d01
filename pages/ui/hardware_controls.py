"""The controls of the Hardware screen: range, pause, table."""

from __future__ import annotations

import streamlit as st

from core.hardware import Snapshot
from core.text import N_, _
from pages.ui.engine import workbench
from pages.ui.hardware_csv import as_csv
from pages.ui.state import state

RANGES = {300: N_("5 min"), 3_600: N_("Hour"), 86_400: N_("Day"), 604_800: N_("Week")}
CSV_POINTS = 4_000


def seconds() -> int:
    """How far back the panels look."""
    chosen = st.segmented_control(
        _("Range"),
        list(RANGES),
        default=300,
        format_func=lambda one: _(RANGES[one]),
        key="range",
        required=True,
        label_visibility="collapsed",
    )
    return int(chosen)


def paused() -> Snapshot | None:
    """The snapshot at which the panels stand still; `None`: they move."""
    if not st.toggle(_("Pause"), key="hardware-pause"):
        state().paused = None
    elif state().paused is None:
        state().paused = workbench().telemetry.latest()
    return state().paused


def download(range_s: int) -> None:
    """All numbers of the range as a table, made when it is asked for."""
    telemetry = workbench().telemetry
    st.download_button(
        _("CSV"),
        lambda: as_csv(telemetry.history(range_s, CSV_POINTS)),
        file_name="engawa-hardware.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        help=_("All numbers of this range as a table."),
    )
