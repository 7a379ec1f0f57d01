"""Details of a model, and the question before one is deleted."""

from __future__ import annotations

import streamlit as st

from core.text import _
from pages.ui import models_load, models_memory, words
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.markdown import plain, quiet
from pages.ui.models import facts
from pages.ui.state import state

LONGEST = 20_000


def asked() -> None:
    """The dialog that a menu asked for, if any; and the way back after a deletion."""
    wanted, state().model_dialog = state().model_dialog, None
    if wanted is not None:
        option, ref = wanted
        {
            "show": _details,
            "memory": models_memory.dialog,
            "load_so": models_load.dialog,
            "delete": _delete,
        }[option](ref)
    _bring_back()


def _details(ref: str) -> None:
    @st.dialog(plain(ref), width="large", icon=":material/info:")
    def show() -> None:
        words.begin(workbench())
        with shown():
            bench = workbench()
            info, said = bench.registry.info(ref), bench.models.details(ref)
            st.markdown(" · ".join(facts(info)))
            _loads(ref)
            for title, text in (
                (_("Sampling"), said.sampling),
                (_("System text"), said.system),
                (_("Template"), said.template),
                (_("Licence"), said.licence),
            ):
                if text:
                    st.markdown(f"**{title}**")
                    st.code(text[:LONGEST], language=None, wrap_lines=True)

    show()


def _loads(ref: str) -> None:
    found = workbench().models.loads.of(ref)
    if found:
        seconds = words.listed([words.seconds(1000 * load.seconds) for load in found])
        quiet(_("Its last loads took {seconds}.", seconds=seconds))


def _delete(ref: str) -> None:
    @st.dialog(_("Delete this model?"), icon=":material/delete:")
    def ask() -> None:
        words.begin(workbench())
        st.markdown(f"**{plain(ref)}**")
        kept = ref.startswith("hf:")
        st.markdown(
            _("It goes to the trash of the data folder and can come back.")
            if kept
            else _("Ollama deletes it for good; it can be downloaded again.")
        )
        with st.container(horizontal=True):
            if st.button(_("Delete"), type="primary", key="delete-model"):
                with shown():
                    if workbench().models.delete(ref):
                        state().deleted_model = ref
                    st.rerun()
            if st.button(_("Keep it"), key="keep-model"):
                st.rerun()

    ask()


def _bring_back() -> None:
    ref = state().deleted_model
    if ref is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(_("{model} is in the trash.", model=plain(ref)), width="stretch")
        if st.button(_("Bring it back"), icon=":material/undo:", key="model-back"):
            with shown():
                workbench().models.restore(ref)
                state().deleted_model = None
                st.rerun()
        if st.button(_("All right"), key="model-gone"):
            state().deleted_model = None
            st.rerun()
