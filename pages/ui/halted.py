"""A room that waits: why, and the button that lets it go on."""

from __future__ import annotations

import streamlit as st

from core.errors import explain
from core.rooms.model import Room
from core.text import _
from pages.ui.engine import workbench
from pages.ui.failures import kept
from pages.ui.markdown import plain


def card(room: Room) -> None:
    """Above the composer, while nobody answers there."""
    if room.halted is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="halted"):
        st.markdown(f":material/pause_circle: {plain(explain(room.halted))}", width="stretch")
        st.button(
            _("Let it go on"),
            key="go-on",
            icon=":material/play_arrow:",
            on_click=kept(workbench().rooms.editing.let_go_on),
            args=(room.id,),
        )
