"""One agent: a form at the left, at the right how it looks, speaks and is prompted meanwhile."""

from __future__ import annotations

import streamlit as st

from core.errors import AgentNotFound
from core.text import _
from pages.ui import failures, frame, style
from pages.ui.agent_draft import open_draft
from pages.ui.agent_form import form
from pages.ui.agent_head import head
from pages.ui.agent_preview import preview
from pages.ui.agent_save import conflict, found
from pages.ui.markdown import plain
from pages.ui.state import state


def show() -> None:
    """The agent named by `?name=`, or a new one."""
    try:
        draft = open_draft(st.query_params.get("name", ""))
    except AgentNotFound as error:
        frame.head(_("Agent"))
        failures.show(error)
        return
    frame.title(plain(draft.opened) or _("New agent"))
    style.agent()
    draft.problems = found(draft)
    if "name" not in draft.refused and not draft.values["name"].strip():
        draft.problems.pop("name", None)  # nothing typed yet is no mistake yet
    _greet()
    head(draft)
    conflict(draft)
    writing, beside = st.columns(style.EDITOR, gap="large")
    with writing, st.container(key="agent-form"):
        form(draft)
    with beside:
        preview(draft)


def _greet() -> None:
    """Say once that it is saved."""
    saved, state().agent_saved = state().agent_saved, None
    if saved is not None:
        st.toast(_("{name} is saved.", name=plain(saved)), icon=":material/check:")


if __name__ == "__main__":
    frame.alone(show)
