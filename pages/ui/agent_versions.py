"""What an agent's file was before: each version, what differs from now, and the way back."""

from __future__ import annotations

import streamlit as st

from core.agents import Agents
from core.text import N_, _
from pages.ui import words
from pages.ui.agent_draft import Draft, forget
from pages.ui.engine import workbench
from pages.ui.failures import kept
from pages.ui.markdown import quiet

SOURCES = {
    "app": N_("saved here"),
    "file": N_("changed as a file"),
    "import": N_("imported"),
    "restore": N_("brought back"),
}


def versions(draft: Draft) -> None:
    """The list, and below it what restoring the chosen one would change."""
    agents = workbench().agents
    found = agents.versions(draft.opened) if draft.opened else []
    if not found:
        quiet(_("There are no earlier versions yet. Each time it is saved, one is kept."))
        return
    by_number = {one.version: one for one in found}

    def spoken(number: int) -> str:
        one = by_number[number]
        source = _(SOURCES.get(one.source, one.source))
        return f"{number} · {words.ago(one.saved_at)} · {source}"

    newest = max(by_number)
    chosen = st.selectbox(
        _("Version"), sorted(by_number, reverse=True), format_func=spoken, key=draft.key("version")
    )
    if chosen == newest:
        quiet(_("This is how it is saved now."))
        st.code(by_number[newest].content, language="markdown", wrap_lines=True)
        return
    quiet(_("What would change (− goes, + comes):"))
    difference = agents.diff(draft.opened, newest, chosen)
    st.code(difference or _("Nothing."), language="diff", wrap_lines=True)
    st.button(
        _("Bring this version back"),
        icon=":material/history:",
        on_click=kept(lambda: _restore(agents, draft.opened, chosen)),
    )


def _restore(agents: Agents, name: str, version: int) -> None:
    agents.restore(name, version)
    forget(name)
