"""Make a model on Ollama: who, of what, how small."""

from __future__ import annotations

import streamlit as st

from core.api.library_bodies import new_model
from core.text import N_, _
from pages.ui import words
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.markdown import quiet

KINDS = {
    "base": N_("A character over a model"),
    "gguf": N_("A GGUF file"),
    "folder": N_("A safetensors folder"),
}
SIZES = ("", "q8_0", "q4_K_M", "q4_K_S")


def dialog() -> None:
    """Ask for a name and what it is made of."""

    @st.dialog(_("Make a model"), icon=":material/construction:")
    def ask() -> None:
        words.begin(workbench())
        kind = st.selectbox(
            _("Of what"), list(KINDS), format_func=lambda one: _(KINDS[one]), key="make-kind"
        )
        with st.form("make-form", border=False):
            given = {"name": st.text_input(_("Name"), key="make-name", max_chars=200)}
            given |= _base() if kind == "base" else _files(str(kind))
            if kind != "base":
                quiet(_("The files stay where they are; Ollama gets a copy."))
            done = st.form_submit_button(_("Make it"), type="primary")
        if done:
            with shown():
                workbench().models.create(new_model(workbench(), given))
                st.rerun()

    ask()


def _base() -> dict[str, str]:
    bench = workbench()
    bases = [model.title for model in bench.registry.models() if model.provider == "ollama"]
    people = ["", *(agent.name for agent in bench.agents.list())]
    return {
        "base": st.selectbox(_("Over which model"), bases, key="make-base") or "",
        "agent": st.selectbox(
            _("Who"), people, key="make-agent", format_func=lambda one: one or _("nobody")
        )
        or "",
        "quantize": _size(),
    }


def _files(kind: str) -> dict[str, str]:
    label = _("Where the file is") if kind == "gguf" else _("Where the folder is")
    found = {kind: st.text_input(label, key=f"make-{kind}", placeholder="/home/…")}
    return found | ({"quantize": _size()} if kind == "folder" else {})


def _size() -> str:
    return str(
        st.selectbox(
            _("How small"), SIZES, key="make-size", format_func=lambda one: one or _("as it is")
        )
    )
