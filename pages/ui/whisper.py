"""A whisper being written: to whom, in a row above the composer."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.rooms.model import Room
from core.text import _
from pages.ui.engine import workbench
from pages.ui.markdown import plain, quiet
from pages.ui.own_name import own_name
from pages.ui.state import state


def begin(room_id: str, names: Sequence[str]) -> None:
    """In a callback: what is written from now on is for these alone."""
    _listen(room_id, names)
    st.session_state[_key(room_id)] = list(names)


def row(room: Room) -> None:
    """To whom the draft is whispered, with others to add, and the way back to everybody."""
    to = state().whisper_to.get(room.id)
    if not to:
        return
    key = _key(room.id)
    if key not in st.session_state:
        st.session_state[key] = list(to)
    people = [name for name in workbench().rooms.record.people(room.id) if name != own_name()]
    members = [member.name for member in room.members]
    names = list(dict.fromkeys([*members, *people, *to]))
    with st.container(key="whisper", horizontal=True, vertical_alignment="center", gap="small"):
        quiet(":material/hearing: " + _("Whisper to"), width="content")
        st.pills(
            _("Whisper to"),
            names,
            selection_mode="multi",
            key=key,
            format_func=plain,
            label_visibility="collapsed",
            on_change=lambda: _listen(room.id, st.session_state[key]),
        )
        st.button(
            _("To everybody"),
            key="no-whisper",
            type="tertiary",
            icon=":material/close:",
            on_click=_listen,
            args=(room.id, ()),
        )


def _listen(room_id: str, names: Sequence[str]) -> None:
    if names:
        state().whisper_to[room_id] = list(names)
    else:
        state().whisper_to.pop(room_id, None)


def _key(room_id: str) -> str:
    return f"whisper-to-{room_id}"
