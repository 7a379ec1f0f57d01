"""All rooms: what was said last, and the door to each; new ones, and deleted ones back."""

from __future__ import annotations

import streamlit as st

from core.rooms.model import RoomSummary
from core.text import _
from pages.ui import dialogs, frame, people, words
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.markdown import plain, quiet, unmarked
from pages.ui.state import state

LAST_LINE_CHARS = 110


def show() -> None:
    """The list, the most recently used first."""
    with frame.head(_("All rooms")):
        if st.button(_("New room"), key="new-room-button", icon=":material/add:", type="primary"):
            dialogs.new_room()
    rooms = workbench().rooms.list()
    if not rooms:
        st.info(_("There is no room yet. Make one, and invite somebody."))
    for summary in rooms:
        _row(summary)
    deleted = workbench().rooms.list(deleted=True)
    if deleted:
        with st.expander(_("Deleted rooms"), icon=":material/delete:"):
            quiet(_("They can be brought back for 30 days."))
            for summary in deleted:
                _deleted(summary)


def _row(summary: RoomSummary) -> None:
    room = summary.room
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch", gap="xxsmall"):
            speaking = " :primary-badge[" + _("speaking") + "]" if summary.speaking else ""
            st.markdown(f"**{plain(room.name)}**{speaking}")
            quiet(_last_line(summary))
        with st.container(horizontal=True, gap="xxsmall", width="content"):
            for member in room.members[:5]:
                st.image(people.face(member.name), width=28, alt=member.name)
        if st.button(_("Open"), key=f"open-{room.id}"):
            state().go_to = room.id
            st.rerun()


def _last_line(summary: RoomSummary) -> str:
    line = summary.last_line
    when = words.ago(summary.room.updated_at)
    if line is None:
        return _("Nobody has spoken yet.")
    said = unmarked(line.content, LAST_LINE_CHARS)
    return f"{plain(line.sender)}: {plain(said)} · {when}"


def _deleted(summary: RoomSummary) -> None:
    room = summary.room
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(plain(room.name), width="stretch")
        if st.button(_("Bring back"), key=f"restore-{room.id}", icon=":material/undo:"):
            with shown():
                workbench().rooms.restore(room.id)
                st.rerun()


if __name__ == "__main__":
    frame.alone(show)
