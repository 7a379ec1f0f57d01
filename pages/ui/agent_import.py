"""The way in for agents that were made elsewhere: a file is chosen, read, and opened."""

from __future__ import annotations

import streamlit as st

from core.agents.cards.exchange import MAX_IMPORT_BYTES, import_file
from core.errors import WorkbenchError
from core.text import _
from pages.ui import failures, people
from pages.ui.engine import workbench
from pages.ui.markdown import quiet
from pages.ui.state import state

ENDINGS = ("md", "json", "png", "charx")
_KEY = "agent-file"


def bring_in() -> None:
    """Ask for a file; what it holds becomes an agent of its own, whatever its name."""
    with st.popover(_("Import"), icon=":material/upload:"):
        st.file_uploader(
            _("An agent file (.md), or a character card of another program."),
            ENDINGS,
            key=_KEY,
            max_upload_size=MAX_IMPORT_BYTES // 1_000_000,
            on_change=_take,
        )
        problem = state().import_problem
        if problem is not None:
            failures.show(problem)
        quiet(_("Nobody is replaced: if the name is taken, the newcomer gets a number."))


def _take() -> None:
    given, tab = st.session_state[_KEY], state()
    tab.import_problem = None
    if given is None:
        return
    try:
        agent = import_file(workbench().agents, given.getvalue(), given.name)
    except WorkbenchError as error:
        tab.import_problem = error
        return
    people.look_again()
    tab.agent_saved = agent.name
    tab.open("agent", name=agent.name)
