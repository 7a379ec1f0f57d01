"""The compact, read-only view of a room: bubbles, thirty lines a page, nothing moves."""

from __future__ import annotations

import streamlit as st

from core.messages import Message
from core.rooms.model import Room
from core.text import _
from pages.ui import people, talk
from pages.ui.engine import workbench
from pages.ui.markdown import plain, quiet, safe

VIEW = "view"
NAME = "transcript"
PAGE = 30


def wanted() -> bool:
    """Whether the address asks for this view."""
    return st.query_params.get(VIEW) == NAME


def show(room: Room) -> None:
    """The room's lines, the newest page first."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(plain(room.name), anchor=False, width="stretch")
        st.button(_("Back to the room"), icon=":material/arrow_back:", on_click=_leave)
    pages = max(1, -(-room.last_seq // PAGE))
    page = st.pagination(pages, key=f"transcript-{room.id}", default=pages) if pages > 1 else 1
    first = (page - 1) * PAGE
    lines = workbench().rooms.messages(room.id, after=first, limit=PAGE)
    if not lines:
        quiet(_("Nobody has spoken yet."))
    own = talk.user_name()
    for line in lines:
        _bubble(line, own=line.sender == own)


def enter() -> None:
    """For a button: show this view of the room."""
    st.query_params[VIEW] = NAME


def _leave() -> None:
    st.query_params.pop(VIEW, None)


def _bubble(line: Message, *, own: bool) -> None:
    import streamlit_chat  # a while to load, and few look at this view

    # Its own faces would come from a remote site; ours is part of the page.
    said = _("(deleted)") if line.deleted else safe(line.content) or "…"
    streamlit_chat.message(
        f"**{plain(line.sender)}**\n\n{said}",
        is_user=own,
        logo=people.face(line.sender),
        key=f"bubble-{line.seq}",
        allow_html=False,
    )
