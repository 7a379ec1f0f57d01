"""Who is in a room and what goes on there: the column at its right, on a small screen a button."""

from __future__ import annotations

import streamlit as st

from core.rooms.model import Room
from core.text import _, ngettext
from core.workbench import Workbench
from pages.ui import dialogs, members, meters, own_name, pins, queue, words
from pages.ui.dialogs import transcript_button
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.markdown import quiet
from pages.ui.state import state


def column(bench: Workbench, room: Room) -> None:
    """The members, who is next, what the room may cost, what is pinned."""
    with st.container(key="company", gap="small"):
        quiet(_("Who is here"))
        own_name.chooser("column")
        members.draw(bench, room, "column")
        queue.panel(room.id)
        pins.draw(room.id, "column")
        if st.button(
            _("Room settings"), key="room-settings", icon=":material/tune:", width="stretch"
        ):
            dialogs.settings(room)
        transcript_button()


def folded(bench: Workbench, room: Room) -> None:
    """For screens without room for a column: one button, behind it the same."""
    with st.container(key="company-folded"):
        label = ngettext("{n} person here", "{n} people here", len(room.members))
        if st.button(label, icon=":material/group:"):
            _people(bench, room.id)


def _people(bench: Workbench, room_id: str) -> None:
    @st.dialog(_("Who is here"), icon=":material/group:")
    def look() -> None:
        words.begin(workbench())
        if state().redraw:  # somebody was chosen to whisper to, or the room has changed
            state().redraw = False
            st.rerun()
        with shown():
            own_name.chooser("dialog")
            members.draw(bench, bench.rooms.get(room_id), "dialog")
            meters.draw(room_id)
            pins.draw(room_id, "dialog")
            if st.button(_("Room settings"), key="dialog-settings", icon=":material/tune:"):
                state().settings_wanted = True
                st.rerun()

    look()
