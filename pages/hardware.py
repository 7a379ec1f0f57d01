"""The machine: what is used of it now, how that went, which models it held, what happened."""

from __future__ import annotations

import streamlit as st

from core.hardware import Series, Snapshot
from core.text import _
from pages.ui import anomalies, frame, hardware_controls, hardware_numbers, words
from pages.ui.engine import workbench

LIVE_S, SLOW_S = 1.0, 10.0
EVENTS = 20


def show() -> None:
    """Controls first; below them panels that only read what the sampler has seen."""
    with frame.head(_("Hardware")):
        seconds = hardware_controls.seconds()
        paused = hardware_controls.paused()
        hardware_controls.download(seconds)
    st.fragment(_live, run_every=None if paused else LIVE_S)(seconds, paused)
    st.fragment(_slow, run_every=None if paused else SLOW_S)(seconds, paused)
    anomalies.switch(workbench())


def _live(seconds: int, paused: Snapshot | None) -> None:
    from pages.ui import hardware_charts  # plotly takes its time, which other screens need not

    words.begin(workbench())
    anomalies.panel(workbench())
    series = _series(seconds, paused)
    hardware_numbers.numbers(paused or workbench().telemetry.latest(), series)
    hardware_charts.draw(series)


def _slow(seconds: int, paused: Snapshot | None) -> None:
    from pages.ui import hardware_forecasts, hardware_models, ladder, tuning

    words.begin(workbench())
    telemetry = workbench().telemetry
    st.subheader(_("Models in memory"), anchor=False)
    hardware_models.resident(paused or telemetry.latest())
    hardware_models.timeline(_series(seconds, paused))
    ladder.ladder(workbench())
    hardware_forecasts.forecasts(workbench())
    st.subheader(_("Tuning"), anchor=False)
    tuning.tuning(workbench())
    st.subheader(_("What happened"), anchor=False)
    hardware_models.events(telemetry.events(EVENTS), _offset_s())


def _series(seconds: int, paused: Snapshot | None) -> Series:
    return workbench().telemetry.history(seconds, until=paused.at if paused else None)


def _offset_s() -> int:
    """How far the browser's clock is ahead of UTC."""
    return -60 * (st.context.timezone_offset or 0)


if __name__ == "__main__":
    frame.alone(show)
