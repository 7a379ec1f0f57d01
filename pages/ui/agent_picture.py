"""The face of an agent that is edited: drawn from its name, or a picture of the user's."""

from __future__ import annotations

import streamlit as st

from core.agents.pictures import MAX_BYTES
from core.agents.portraits import portrait
from core.text import _
from pages.ui import people, words
from pages.ui.agent_draft import Draft
from pages.ui.failures import kept
from pages.ui.markdown import plain, quiet

FACE_PIXELS = 72
ENDINGS = ("png", "jpg", "jpeg", "webp")


def portrait_of(draft: Draft) -> None:
    """Face, name and line, and the way to another picture."""
    name, line = draft.values["name"], draft.agent().describe(words.language())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.image(face_of(draft), width=FACE_PIXELS, alt="")
        with st.container(width="stretch", gap="xxsmall"):
            st.markdown(people.coloured(name) if name.strip() else quiet_name())
            if line:
                quiet(plain(line))
        with st.popover(_("Picture"), icon=":material/image:"):
            _chooser(draft)


def face_of(draft: Draft) -> str:
    """As it would look when saved now."""
    name = draft.values["name"]
    if draft.new_picture:
        return people.picture(draft.picture) or people.drawn(name)
    return people.face(draft.opened) if draft.base.avatar else people.drawn(name)


def quiet_name() -> str:
    return ":gray[" + _("No name yet") + "]"


def _chooser(draft: Draft) -> None:
    key = draft.key("picture")
    st.file_uploader(
        _("A picture from this computer"),
        ENDINGS,
        key=key,
        max_upload_size=MAX_BYTES // 1024 // 1024,
        on_change=kept(lambda: _take(draft, key)),
    )
    quiet(_("It is cut to a square and stays on this machine."))
    if draft.new_picture and draft.picture is not None or draft.base.avatar:
        st.button(_("Use the drawn face"), icon=":material/undo:", on_click=lambda: _drop(draft))


def _take(draft: Draft, key: str) -> None:
    given = st.session_state[key]
    if given is not None:
        draft.picture = portrait(given.getvalue(), given.name)
        draft.new_picture = True


def _drop(draft: Draft) -> None:
    draft.picture = None
    draft.new_picture = draft.base.avatar is not None
