"""One room: what was said, what is being said, who is here, and the composer."""

from __future__ import annotations

import streamlit as st

from core.errors import RoomNotFound
from core.rooms.policies import policy_of
from core.text import _
from pages.ui import company, failures, frame, preflight, style, transcript, wanted
from pages.ui.engine import workbench
from pages.ui.footer import footer
from pages.ui.markdown import plain
from pages.ui.state import state
from pages.ui.talk import conversation


def show(ref: str) -> None:
    """Draw the room, and begin to load its models when this tab sees it for the first time."""
    bench = workbench()
    try:
        room = bench.rooms.get(ref)
    except RoomNotFound as error:
        failures.show(error)
        return
    tab = state()
    tab.visit(room.id)
    if room.id not in tab.opened:
        tab.opened.add(room.id)
        bench.rooms.open(room.id)
    frame.title(room.name)
    style.room()
    if transcript.wanted():
        transcript.show(room)
        return
    talking, beside = st.columns(style.COLUMNS, gap="medium")
    with talking, st.container(key="talk"):
        with st.container(key="room-head", horizontal=True, vertical_alignment="center"):
            st.title(plain(room.name), anchor=False, width="content")
            policy = policy_of(room.policy)
            st.badge(_(policy.title), color="gray", help=_(policy.explained))
            company.folded(bench, room)
        preflight.card(bench, room)
        conversation(room)
    with beside:
        company.column(bench, room)
    footer(room.id)
    wanted.show(room)


def show_first() -> None:
    """The room named by `?room=`, else the one used last."""
    rooms = workbench().rooms.list()
    asked = st.query_params.get("room") or (rooms[0].room.id if rooms else "")
    show(asked)


if __name__ == "__main__":
    frame.alone(show_first)
