"""The agents: who there is, with face, a line about each, and the model that speaks."""

from __future__ import annotations

import streamlit as st

from core.text import _
from pages.ui import frame, people
from pages.ui.agent_cards import cards
from pages.ui.agent_import import bring_in
from pages.ui.engine import workbench
from pages.ui.failures import kept, show as show_error
from pages.ui.markdown import plain, quiet
from pages.ui.state import state


def show() -> None:
    """A grid of cards, and what is wrong with files that could not be read."""
    with frame.head(_("Agents")):
        bring_in()
        if st.button(_("New agent"), key="agent-new", icon=":material/add:", type="primary"):
            state().open("agent")
            st.rerun()
    agents = workbench().agents
    _undo()
    for error in agents.errors():
        show_error(error)
    cards()
    quiet(
        _(
            "Each agent is a text file. Put your own into {folder}; it appears here at once.",
            folder=plain(str(workbench().settings.paths.agents)),
        )
    )


def _undo() -> None:
    """The way back of who was just deleted."""
    name = state().deleted_agent
    if name is None:
        return
    agents = workbench().agents
    versions = agents.versions(name)

    def bring_back() -> None:
        agents.restore(name, versions[0].version)
        people.look_again()
        close()

    def close() -> None:
        state().deleted_agent = None

    with st.container(border=True, horizontal=True, vertical_alignment="center", key="agent-undo"):
        st.markdown(_("{name} is deleted.", name=plain(name)), width="stretch")
        if versions:
            st.button(_("Bring it back"), on_click=kept(bring_back), icon=":material/undo:")
        st.button(_("All right"), on_click=close)


if __name__ == "__main__":
    frame.alone(show)
