"""When an agent could not answer: its notice beside a failed line, and its last errors."""

from __future__ import annotations

import streamlit as st

from core.agents.notices import notice
from core.errors import AgentNotFound, explain
from core.messages import Kind, Message
from core.rooms.troubles import Trouble, nobody_answered
from core.text import _, ngettext
from pages.ui import words
from pages.ui.engine import workbench
from pages.ui.markdown import plain, quiet


def in_character(line: Message) -> None:
    """Below the name of a line that nobody could say: a sentence in the agent's tone.

    It stands in italics between dashes, above the real reason, and is no part of the message.
    """
    if line.kind is not Kind.AGENT or not nobody_answered(line.status, line.reason):
        return
    try:
        agent = workbench().agents.get(line.sender)
    except AgentNotFound:
        return
    st.markdown(f"*— {plain(notice(agent, words.language(), line.seq))}*")


def errors(agent: str) -> None:
    """For the agent's page: how often which kind of error came, and the last ones."""
    troubles = workbench().rooms.record.troubles(agent, limit=5)
    if not troubles.last:
        quiet(_("Every reply so far went as wanted."))
        return
    with st.container(horizontal=True, gap="xsmall"):
        for code, count in troubles.kinds.items():
            times = ngettext("{n} time", "{n} times", count)
            st.badge(f"{plain(code)} · {times}", color="gray")
    for one in troubles.last:
        quiet(_error(one))


def _error(one: Trouble) -> str:
    return f"{words.ago(one.at)}: {plain(explain(one.reason))}"
