"""The lines of a room that are kept at hand."""

from __future__ import annotations

import streamlit as st

from core.messages import Message
from core.text import _
from pages.ui import people
from pages.ui.engine import workbench
from pages.ui.failures import kept
from pages.ui.markdown import safe
from pages.ui.state import state

TEXT_WIDTH = 400


def draw(room_id: str, place: str) -> None:
    """A button with their number, behind it the lines; nothing when there is none."""
    pinned = workbench().rooms.editing.pins(room_id)
    if not pinned:
        return
    label = _("Pinned lines ({n})", n=len(pinned))
    with st.popover(label, icon=":material/keep:", type="tertiary", key=f"pins-{place}"):
        for line in pinned:
            _draw(line, place)


def _draw(line: Message, place: str) -> None:
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(people.coloured(line.sender), width="stretch")
            st.button(
                _("Let it go"),
                key=f"unpin-{place}-{line.seq}",
                type="tertiary",
                icon=":material/keep_off:",
                on_click=kept(_unpin),
                args=(line,),
            )
        st.markdown(safe(line.content), width=TEXT_WIDTH)


def _unpin(line: Message) -> None:
    workbench().rooms.editing.pin(line.room, line.seq, pinned=False)
    state().redraw = True
