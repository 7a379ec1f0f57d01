"""The dialogs of one line: other words, another model, its answers, a branch."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.messages import Message
from core.text import _
from pages.ui import words
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.lines import quotation
from pages.ui.markdown import quiet
from pages.ui.state import state

EDIT_HEIGHT = 200


def show(option: str, room_id: str, seq: int) -> None:
    """Open the dialog for what was chosen from the line's menu."""
    _DIALOGS[option](room_id, seq)


def _edit(room_id: str, seq: int) -> None:
    @st.dialog(_("Edit this line"), icon=":material/edit:")
    def ask() -> None:
        words.begin(workbench())
        with shown():
            line = _line(room_id, seq)
            text = st.text_area(_("Its words"), line.content, height=EDIT_HEIGHT, key=f"edit-{seq}")
            quiet(_("What it said before is kept."))
            if st.button(_("Save"), type="primary"):
                workbench().rooms.editing.edit(room_id, seq, text)
                st.rerun()

    ask()


def _answer_with(room_id: str, seq: int) -> None:
    @st.dialog(_("Answer with another model"), icon=":material/refresh:")
    def ask() -> None:
        words.begin(workbench())
        with shown():
            quiet(quotation(_line(room_id, seq)))
            models = workbench().registry.models()
            refs = [model.ref for model in models if "chat" in model.capabilities]
            model = st.selectbox(_("Model"), refs)
            quiet(_("The answers so far are kept."))
            if st.button(_("Answer again"), type="primary") and model:
                workbench().rooms.editing.regenerate(room_id, seq, model=model)
                st.rerun()

    ask()


def _branch(room_id: str, seq: int) -> None:
    @st.dialog(_("Branch from here"), icon=":material/call_split:")
    def ask() -> None:
        words.begin(workbench())
        with shown():
            quiet(quotation(_line(room_id, seq)))
            st.markdown(_("A new room begins with everything up to this line."))
            name = st.text_input(_("Name"), placeholder=_("The same, numbered"), max_chars=80)
            if st.button(_("Create"), type="primary"):
                room = workbench().rooms.editing.branch(room_id, seq, name.strip() or None)
                state().go_to = room.id
                st.rerun()

    ask()


def _line(room_id: str, seq: int) -> Message:
    return workbench().rooms.message(room_id, seq)


_DIALOGS: dict[str, Callable[[str, int], None]] = {
    "edit": _edit,
    "with": _answer_with,
    "branch": _branch,
}
