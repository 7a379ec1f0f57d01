"""The foot of a room: who speaks, Stop, what the draft answers, and the composer."""

from __future__ import annotations

import streamlit as st

from core.errors import MessageNotFound, RoomNotFound, WorkbenchError
from core.rooms.model import Room
from core.text import _
from pages.ui import care, halted, lines, live, style, whisper, words
from pages.ui.engine import workbench
from pages.ui.failures import kept, show_kept
from pages.ui.markdown import bare, quiet
from pages.ui.state import state
from pages.ui.talk import post


def footer(room_id: str) -> None:
    """The strip and the composer, at the bottom of the page."""
    with st.bottom:
        talking, beside = st.columns(style.COLUMNS, gap="medium")
        beside.container(key="beside-composer")
    with talking:
        _composer(room_id)


@st.fragment
def _composer(room_id: str) -> None:
    """A fragment: what is sent costs no run of the page, the live view shows it."""
    words.begin(workbench())
    try:
        room = workbench().rooms.get(room_id)
    except RoomNotFound:
        st.rerun()  # somebody has deleted it: the frame says so
    with st.container(key="composer", gap="xsmall"):
        show_kept()
        _strip(room)
        halted.card(room)
        whisper.row(room)
        _answered(room_id)
        care.quota_note()
        key = f"draft-{room_id}"
        st.chat_input(
            _placeholder(room_id),
            key=key,
            max_chars=workbench().settings.rooms.message_limit,
            on_submit=_say,
            args=(room_id, key),
        )


def _say(room_id: str, key: str) -> None:
    text = st.session_state[key]
    try:
        post(room_id, text)
    except WorkbenchError as error:
        state().problem = error
        st.session_state[key] = text  # the draft is not lost


def _placeholder(room_id: str) -> str:
    to = state().whisper_to.get(room_id)
    if to:
        return _("Only {names} will hear it", names=bare(words.listed(to)))
    return _("Write to the room, or @name to ask one")


def _strip(room: Room) -> None:
    live.strip(
        room.id,
        {"words": _words(room.agents), "order": list(room.agents)},
        on_stop=kept(lambda: workbench().rooms.stop(room.id)),
    )


def _words(agents: tuple[str, ...]) -> dict[str, str]:
    idle = _("Nobody is here to answer yet.")
    if agents:
        idle = _("{name} listens.", name=agents[0])
    if len(agents) > 1:
        idle = _("Who answers: {names}", names=words.listed(agents))
    return {
        "idle": idle,
        "speaking": _("{name} is speaking"),
        "then": _(", then {names}"),
        "comma": words.listed(("", "")),
        "stop": _("Stop"),
        "stopping": _("Stopping …"),
        "down": _("To the end"),
        "lost": _("The connection is lost; trying again …"),
    }


def _answered(room_id: str) -> None:
    """What the draft answers, with a way to take that back."""
    seq = state().reply_to.get(room_id)
    if seq is None:
        return
    try:
        line = workbench().rooms.message(room_id, seq)
    except MessageNotFound:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        quiet(lines.quotation(line), width="stretch")
        st.button(
            _("Do not reply to it"),
            key="no-reply",
            type="tertiary",
            icon=":material/close:",
            on_click=lambda: state().reply_to.pop(room_id, None),
        )
