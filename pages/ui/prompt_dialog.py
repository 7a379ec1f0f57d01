"""The dialog that shows what a model was sent for a reply."""

from __future__ import annotations

import streamlit as st

from core.text import N_, _
from pages.ui import words
from pages.ui.agent_prompt import counted
from pages.ui.agent_widgets import chosen_by
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.markdown import plain, quiet

ROLES = {"system": N_("To the model"), "user": N_("Heard"), "assistant": N_("Its own words")}


def show(room_id: str, seq: int) -> None:
    """The parts with their tokens, the template and why, and every message word for word."""

    @st.dialog(_("Prompt"), icon=":material/article:", width="large")
    def look() -> None:
        words.begin(workbench())
        with shown():
            trace = workbench().rooms.record.prompt(room_id, seq)
            quiet(_("Sent to {model}", model=plain(trace.model)))
            counted(trace.prompt)
            quiet(chosen_by(trace.prompt.template, trace.prompt.rule))
            for message in trace.prompt.messages:
                quiet(_(ROLES[message.role]))
                st.code(message.content, language=None, wrap_lines=True)

    look()
