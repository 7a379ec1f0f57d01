"""The agents: who there is, with face, a line about each, and the model that speaks."""

from __future__ import annotations

import streamlit as st

from core.agents import Agent
from core.text import _
from pages.ui import frame, people
from pages.ui.engine import workbench
from pages.ui.failures import show as show_error
from pages.ui.markdown import plain, quiet, safe

CARD_WIDTH = 260


def show() -> None:
    """A grid of cards, and what is wrong with files that could not be read."""
    frame.head(_("Agents"))
    bench = workbench()
    quiet(
        _(
            "Each agent is a text file. Put your own into {folder}; it appears here at once.",
            folder=plain(str(bench.settings.paths.agents)),
        )
    )
    agents = bench.agents.list()
    for error in bench.agents.errors():
        show_error(error)
    wanted = st.text_input(_("Search"), placeholder=_("Name, role or tone"), key="agent-search")
    found = [agent for agent in agents if _matches(agent, wanted)]
    if not found:
        st.info(_("Nobody here is like that."))
    with st.grid("auto", min_column_width=CARD_WIDTH, border=True):
        for agent in found:
            _card(agent)


def _card(agent: Agent) -> None:
    with st.container(gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.image(people.face(agent.name), width=44, alt="")
            model = agent.model or _("the default model")
            st.markdown(f"{people.coloured(agent.name)}  \n:small[:gray[{plain(model)}]]")
        st.markdown(safe(agent.description))
        traits = [*agent.roles, *agent.personalities, *agent.tones]
        if traits:
            quiet(plain(" · ".join(traits)))


def _matches(agent: Agent, wanted: str) -> bool:
    words = [agent.name, agent.description, *agent.roles, *agent.personalities, *agent.tones]
    return wanted.strip().casefold() in " ".join(words).casefold()


if __name__ == "__main__":
    frame.alone(show)
