"""What a model would be sent for the draft, word for word, and the tokens of each part."""

from __future__ import annotations

import streamlit as st

from core.agents.prompt import Part, Prompt
from core.text import N_, _, ngettext
from pages.ui import talk
from pages.ui.agent_draft import Draft
from pages.ui.agent_widgets import chosen_by
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.markdown import plain, quiet

PARTS = {
    "system": N_("who it is"),
    "lorebook": N_("lorebook"),
    "examples": N_("examples"),
    "memories": N_("memories"),
    "summary": N_("summary"),
    "transcript": N_("conversation"),
    "task": N_("task of this turn"),
}


def prompt(draft: Draft, said: str, model: str) -> None:
    """The parts with their tokens, then every message as it would go out."""
    agent = draft.agent()
    if not agent.name:
        quiet(_("Give it a name, and its prompt stands here."))
        return
    with shown():
        built = workbench().rooms.alone.try_prompt(agent, model, said, user=talk.user_name())
        counted(built)
        quiet(chosen_by(built.template, built.rule))
        for message in built.messages:
            st.code(message.content, language=None, wrap_lines=True)


def counted(built: Prompt) -> None:
    """How many tokens it takes, and each part of it."""
    total = built.tokens
    about = ngettext("{n} token", "{n} tokens", total)
    st.markdown(f"**{about}**" if built.exact else "**" + _("about {amount}", amount=about) + "**")
    for part in built.parts:
        if part.tokens:
            _part(part, total)


def _part(part: Part, total: int) -> None:
    note = f" · {plain(_(part.note.text, **part.note.params))}" if part.note else ""
    text = f":small[{_(PARTS.get(part.name, part.name))} · {part.tokens}{note}]"
    st.progress(min(1.0, part.tokens / max(1, total)), text=text)
