"""The top of the editor: who it is, whether it is saved, and what can be done with it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.agents.cards.exchange import export
from core.agents.names import stem_of
from core.agents.spec import SYSTEM
from core.text import N_, _
from pages.ui import people
from pages.ui.agent_draft import Draft, forget
from pages.ui.agent_save import save
from pages.ui.engine import workbench
from pages.ui.failures import kept
from pages.ui.markdown import plain, quiet
from pages.ui.state import state

EXPORTS = {
    "md": (N_("Agent file (Markdown)"), "md", "text/markdown"),
    "card-json": (N_("Character card (JSON)"), "json", "application/json"),
    "card-png": (N_("Character card (PNG)"), "png", "image/png"),
    "card-charx": (N_("Character card (charx)"), "charx", "application/zip"),
}


def head(draft: Draft) -> None:
    """The name with what is to know about the draft, and the actions at its right."""
    with st.container(horizontal=True, vertical_alignment="center", key="agent-head"):
        with st.container(key="agent-title", width="stretch", gap="xxsmall"):
            st.title(plain(draft.values["name"] or draft.opened) or _("New agent"), anchor=False)
            quiet(_standing(draft))
        if draft.opened:
            _export(draft)
        _menu(draft)
        st.button(
            _("Save"),
            type="primary",
            icon=":material/save:",
            on_click=kept(lambda: save(draft)),
        )


def _standing(draft: Draft) -> str:
    if draft.changed:
        if draft.base.source == SYSTEM:
            return _("Not saved yet. It comes with Engawa: saving makes a copy of your own.")
        return _("Not saved yet.")
    if not draft.opened:
        return _("A character of your own: only the name is needed, everything else helps.")
    if draft.base.source == SYSTEM:
        return _("It comes with Engawa. When you change it, a copy of your own is made.")
    return _("Saved as {file}.", file=plain(draft.base.file))


def _menu(draft: Draft) -> None:
    options = {}
    if draft.opened:
        options["duplicate"] = _("Duplicate")
    if draft.changed:
        options["discard"] = _("Discard changes")
    if draft.opened and draft.base.source != SYSTEM:
        options["delete"] = _("Delete")
    if not options:
        return
    key = draft.key("menu")
    st.menu_button(
        _("More"),
        list(options),
        key=key,
        icon=":material/more_horiz:",
        format_func=lambda option: options[option],
        on_click=kept(lambda: _ACTIONS[st.session_state[key]](draft)),
    )


def _duplicate(draft: Draft) -> None:
    st.query_params["name"] = workbench().agents.duplicate(draft.opened).name


def _discard(draft: Draft) -> None:
    forget(draft.opened)


def _delete(draft: Draft) -> None:
    workbench().agents.delete(draft.opened, revision=draft.base.revision)
    forget(draft.opened)
    people.look_again()
    state().deleted_agent = draft.opened
    state().open("agents")


_ACTIONS = {"duplicate": _duplicate, "discard": _discard, "delete": _delete}


def _export(draft: Draft) -> None:
    with st.popover(_("Export"), icon=":material/download:"):
        if draft.changed:
            quiet(_("What is exported is what was saved last."))
        for kind, (title, ending, media) in EXPORTS.items():
            st.download_button(
                _(title),
                partial(_exported, draft.opened, kind),
                f"{stem_of(draft.opened)}.{ending}",
                media,
                key=draft.key(f"export-{kind}"),
                type="tertiary",
                on_click="ignore",
            )


def _exported(name: str, kind: str) -> bytes:
    return export(workbench().agents, name, kind)[0]
