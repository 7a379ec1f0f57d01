"""The machine: what is used of it now, how that went, and which models are in its memory."""

from __future__ import annotations

from collections import deque

import streamlit as st

from core.hardware.snapshot import Gpu, Snapshot
from core.text import _
from pages.ui import frame, words
from pages.ui.engine import workbench
from pages.ui.markdown import plain, quiet
from pages.ui.state import state

READ_EVERY_S = 2
KEPT = 90  # readings: three minutes


def show() -> None:
    """The numbers move by themselves; the rest is drawn once."""
    frame.head(_("Hardware"))
    _numbers()
    st.subheader(_("Models in memory"), anchor=False)
    loaded = [model for model in workbench().registry.models() if model.loaded]
    if not loaded:
        quiet(
            _("None just now. A model is loaded when a room needs it, and given up after a while.")
        )
    for model in loaded:
        size = words.size(model.size_bytes) if model.size_bytes is not None else ""
        st.markdown(f"**{plain(model.title)}** :small[:gray[{plain(model.ref)} {size}]]")


@st.fragment(run_every=READ_EVERY_S)
def _numbers() -> None:
    words.begin(workbench())
    now = workbench().telemetry.latest()
    kept = state().readings
    kept.append(now)
    with st.grid("auto", min_column_width=220):
        _memory(now, kept)
        _load(now, kept)
        for gpu in now.gpus:
            _card(gpu)
    if not now.gpus:
        quiet(_("No NVIDIA card is seen here. Everything works without one, only slower."))


def _memory(now: Snapshot, kept: deque[Snapshot]) -> None:
    total = words.size(now.memory_total_bytes)
    st.metric(
        _("Memory"),
        words.size(now.memory_used_bytes),
        delta=_("of {total}", total=total),
        delta_color="off",
        delta_arrow="off",
        border=True,
        chart_data=[one.memory_used_bytes for one in kept],
        help=_("Used by all programs of this machine."),
    )


def _load(now: Snapshot, kept: deque[Snapshot]) -> None:
    known = now.cpu_percent is not None
    st.metric(
        _("Load"),
        _("{n} %", n=round(now.cpu_percent or 0)) if known else _("unknown"),
        delta=_("of all cores"),
        delta_color="off",
        delta_arrow="off",
        border=True,
        chart_data=[one.cpu_percent for one in kept if one.cpu_percent is not None],
    )


def _card(gpu: Gpu) -> None:
    used, total = gpu.memory_used_bytes, gpu.memory_total_bytes
    st.metric(
        plain(gpu.name or _("Graphics card")),
        words.size(used) if used is not None else _("unknown"),
        delta=_("of {total}", total=words.size(total)) if total is not None else None,
        delta_color="off",
        delta_arrow="off",
        border=True,
        help=_("Graphics memory (VRAM) in use."),
    )


if __name__ == "__main__":
    frame.alone(show)
