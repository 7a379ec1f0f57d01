"""What every screen has: title and icon, the card at the foot of the sidebar, the banner."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.text import _
from core.workbench import Workbench
from pages.ui import anomalies, jobs, own_name, style, words
from pages.ui.engine import workbench
from pages.ui.logo import icon, wordmark
from pages.ui.markdown import bare, plain
from pages.ui.people import is_dark

SERVER_NAMES = {"ollama": "Ollama"}
CARD_SECONDS, BUSY_SECONDS = 20, 2


def begin(name: str = "Engawa") -> None:
    """Title and icon of the browser tab, before anything else is drawn.

    The icon is a file of ours: Streamlit would fetch a Material one from outside.
    """
    st.set_page_config(page_title=name, page_icon=icon(), layout="wide")
    own_name.keep()
    if is_dark():
        style.dark()


def title(name: str) -> None:
    """What the browser tab is called on this screen."""
    st.set_page_config(page_title=f"{bare(name)} · Engawa", page_icon=icon())


def head(name: str) -> DeltaGenerator:
    """The browser tab's title and the heading; what is put into it stands at its right."""
    title(name)
    row = st.container(horizontal=True, vertical_alignment="center")
    row.title(name, anchor=False, width="stretch")
    return row


def alone(show: Callable[[], None]) -> None:
    """Draw one screen without the frame around it."""
    begin()
    words.begin(workbench())
    show()


def sidebar() -> None:
    """The machine at the edge: memory, and which servers of models are there."""
    st.logo(wordmark(dark=is_dark()), size="large", icon_image=icon())
    with st.sidebar:
        _card()


def _card() -> None:
    """Looks again sooner while a job runs; that begins with the page's next run."""
    busy = bool(workbench().jobs.active())
    st.fragment(_look, run_every=BUSY_SECONDS if busy else CARD_SECONDS)()


def _look() -> None:
    bench = workbench()
    words.begin(bench)
    if anomalies.changed(bench):
        st.rerun()  # the page has another banner than it should
    with st.container(border=True, gap="xsmall", key="card"):
        now = bench.telemetry.latest()
        for gpu in now.gpus:
            _bar(plain(gpu.name or ""), gpu.memory_used_bytes, gpu.memory_total_bytes)
        if not now.gpus:
            _bar(_("Memory"), now.memory_used_bytes, now.memory_total_bytes)
        _servers(bench)
    jobs.running(bench)


def _bar(name: str, used: int | None, total: int | None) -> None:
    if used is None or not total:
        st.markdown(f":small[{name}]")
        return
    text = _("{name} {used} of {total}", name=name, used=words.size(used), total=words.size(total))
    st.progress(min(1.0, used / total), text=f":small[{text}]")


def _servers(bench: Workbench) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        for server in bench.registry.states():
            if server.name not in SERVER_NAMES:
                continue
            name = SERVER_NAMES[server.name]
            if server.available:
                version = plain(server.version or "") or None
                st.badge(name, color="green", icon=":material/check:", help=version)
            else:
                hint = plain(server.error.hint()) if server.error else None
                st.badge(_("{name} is off", name=name), color="gray", help=hint)
