"""Who is in a room: the column at its right, on a small screen a button."""

from __future__ import annotations

import streamlit as st

from core.rooms.model import Room
from core.text import _, ngettext
from core.workbench import Workbench
from pages.ui import dialogs, people, queue
from pages.ui.dialogs import transcript_button
from pages.ui.failures import kept
from pages.ui.markdown import plain, quiet

FACE_PIXELS = 32


def column(bench: Workbench, room: Room) -> None:
    """The members with their models, in the order in which they answer."""
    with st.container(key="company", gap="small"):
        quiet(_("Who is here"))
        _members(bench, room)
        queue.panel(room.id)
        if st.button(_("Room settings"), icon=":material/tune:", width="stretch"):
            dialogs.settings(room)
        transcript_button()


def folded(room: Room) -> None:
    """For screens without room for a column: one button, behind it the same and more."""
    with st.container(key="company-folded"):
        label = ngettext("{n} person here", "{n} people here", len(room.members))
        if st.button(label, icon=":material/group:"):
            dialogs.settings(room)


def _members(bench: Workbench, room: Room) -> None:
    for member in room.members:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.image(people.face(member.name), width=FACE_PIXELS, alt="")
            if member.kind == "external":
                model = _("from outside")
            else:
                model = bench.rooms.model_of(room, member.name)
            line = f"{people.coloured(member.name)}  \n:small[:gray[{plain(model)}]]"
            st.markdown(line, width="stretch")
            if room.policy == "manual" and member.name in room.agents:
                _word_button(bench, room, member.name)


def _word_button(bench: Workbench, room: Room, name: str) -> None:
    st.button(
        _("Give {name} the word", name=plain(name)),
        key=f"menu-word-{name}",
        icon=":material/record_voice_over:",
        type="tertiary",
        on_click=kept(bench.rooms.give_turn),
        args=(room.id, name),
    )
