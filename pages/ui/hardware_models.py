"""Which models were in memory when, which are now, and what happened to the machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from html import escape

import streamlit as st

from core.hardware import Event, Resident, Series, Snapshot
from core.text import _, language
from pages.ui import words
from pages.ui.hardware_figures import CONFIG, Drawn, Spec, figure, over_time
from pages.ui.markdown import plain, quiet

START, END = "model.", ".resident"
ICONS = {
    "gap": ":material/hourglass_empty:",
    "gpu_lost": ":material/error:",
    "gpu_back": ":material/check_circle:",
    "gpu_silent": ":material/error:",
    "gpu_answers": ":material/check_circle:",
    "model_loaded": ":material/download:",
    "model_unloaded": ":material/upload:",
    "anomaly": ":material/warning:",
    "anomaly_over": ":material/check_circle:",
    "recovery": ":material/healing:",
    "recovery_failed": ":material/error:",
}


def resident(now: Snapshot) -> None:
    """What is in memory this moment."""
    if not now.models:
        quiet(
            _("None just now. A model is loaded when a room needs it, and given up after a while.")
        )
    for model in now.models:
        st.markdown(f"**{plain(model.ref)}** :small[:gray[{_sizes(model)}]]")


def _sizes(model: Resident) -> str:
    sizes = []
    if model.vram_bytes:
        sizes.append(_("{size} on the card", size=words.size(model.vram_bytes)))
    if model.memory_bytes:
        sizes.append(_("{size} of memory", size=words.size(model.memory_bytes)))
    adapters = (model.adapters_vram_bytes or 0) + (model.adapters_bytes or 0)
    if adapters:
        sizes.append(_("{size} of that for adapters", size=words.size(adapters)))
    return " · ".join(sizes)


def timeline(series: Series) -> None:
    """When each model was in memory; nothing where none was."""
    drawn = _timeline(series)
    if drawn is not None:
        st.plotly_chart(drawn, config=CONFIG, key="residency", alt=_("Models in memory"))


@lru_cache(maxsize=16)
def _timeline(series: Series) -> Drawn | None:
    names = sorted({name for point in series.points for name in point.values if _is_model(name)})
    if not names or not series.points:
        return None
    bars = [_bar(series, name) for name in names]
    first, last = series.points[0].at, series.points[-1].at + series.step_s
    return figure(
        bars,
        "",
        top=None,
        barmode="overlay",
        showlegend=False,
        height=60 + 34 * len(bars),
        margin={"l": 8, "r": 8, "t": 8, "b": 24},
        xaxis=over_time(range=[1000 * first, 1000 * last]),
        yaxis={"automargin": True, "fixedrange": True, "showgrid": False},
    )


def _bar(series: Series, name: str) -> Spec:
    spans = list(_spans(series, name))
    ref = name[len(START) : -len(END)]
    return {
        "type": "bar",
        "orientation": "h",
        "y": [escape(ref)] * len(spans),
        "base": [1000 * start for start, _end in spans],
        "x": [1000 * (end - start) for start, end in spans],
        "width": 0.5,
        "hoverinfo": "y",
    }


def _spans(series: Series, name: str) -> Iterator[tuple[float, float]]:
    """Unbroken times in which a model was there; a gap in the series breaks them."""
    start = end = None
    for point in series.points:
        there = point.values.get(name, 0) > 0
        if start is not None and end is not None and (not there or point.at > end + series.step_s):
            yield start, end
            start = None
        if there:
            start = point.at if start is None else start
            end = point.at + series.step_s
    if start is not None and end is not None:
        yield start, end


def _is_model(name: str) -> bool:
    return name.startswith(START) and name.endswith(END)


def events(found: list[Event], offset_s: int) -> None:
    """What happened, the newest first."""
    if not found:
        quiet(_("Nothing has happened yet."))
    lines = [
        f"{ICONS.get(event.kind, ':material/info:')} :gray[{_moment(event.at, offset_s)}] "
        + plain(event.text(language()))
        for event in found
    ]
    if lines:
        st.markdown("  \n".join(lines))


def _moment(at: float, offset_s: int) -> str:
    moment = datetime.fromtimestamp(at, UTC) + timedelta(seconds=offset_s)
    today = datetime.now(UTC) + timedelta(seconds=offset_s)
    return moment.strftime("%H:%M:%S" if moment.date() == today.date() else "%m-%d %H:%M")
