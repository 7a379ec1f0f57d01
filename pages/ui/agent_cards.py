"""The agents as cards, found by meaning while one types."""

from __future__ import annotations

import streamlit as st

from core.agents import Agent
from core.text import _, ngettext
from pages.ui import people, words
from pages.ui.engine import workbench
from pages.ui.markdown import plain, quiet
from pages.ui.state import state

CARD_WIDTH = 280
MOST = 60  # cards that are drawn at first
LINE_CHARS = 120
FACE_PIXELS = 48
WAIT_S = 0.3  # for the encoder of meanings: who types waits no longer


@st.fragment
def cards() -> None:
    """The search and what it finds; typing runs nothing else of the page."""
    words.begin(workbench())
    wanted = st.text_input(
        _("Search"),
        type="search",
        live=True,
        icon=":material/search:",
        placeholder=_("Who could help with …"),
        key="agent-search",
    )
    found = _found(wanted.strip() if wanted else "")
    if not found:
        st.info(_("Nobody here is like that."))
    most = len(found) if st.session_state.get("agent-all") else MOST
    with st.grid("auto", min_column_width=CARD_WIDTH, border=True):
        for agent, why in found[:most]:
            _card(agent, why)
    if len(found) > most:
        label = ngettext("Show {n} more", "Show {n} more", len(found) - most)
        st.button(label, key="agent-all-button", on_click=_show_all)


def _show_all() -> None:
    st.session_state["agent-all"] = True


def _card(agent: Agent, why: str) -> None:
    with st.container(gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.image(people.face(agent.name), width=FACE_PIXELS, alt="")
            with st.container(width="stretch", gap=None):
                if st.button(
                    people.coloured(agent.name), key=f"open-{agent.name}", type="tertiary"
                ):
                    state().open("agent", name=agent.name)
                    st.rerun()
                quiet(plain(agent.model or _("the default model")))
        st.markdown(plain(_short(agent.describe(words.language()))))
        if why:
            quiet(f":material/search: {plain(why)}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LINE_CHARS else line[: LINE_CHARS - 1].rstrip() + "…"


def _found(wanted: str) -> list[tuple[Agent, str]]:
    """Who fits, each with its reason; everybody when nothing is asked for."""
    agents = workbench().agents
    if not wanted:
        return [(agent, "") for agent in agents.list()]
    results = agents.search(wanted, limit=MOST, wait_s=WAIT_S)
    problem = agents.search_problem()
    if problem is None:
        return [(one.agent, one.why) for one in results]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        quiet(_("By words only: {why}", why=plain(problem.message())), width="content")
        st.button(_("Look again"), icon=":material/refresh:", type="tertiary")
    return [(one.agent, "") for one in results]
