"""Models that could come here: by name, from a short list, or made of what is there."""

from __future__ import annotations

import streamlit as st

from core.models.suggestions import Suggestion
from core.text import N_, _
from pages.ui import models_make, words
from pages.ui.engine import workbench
from pages.ui.failures import kept, shown
from pages.ui.markdown import plain, quiet
from pages.ui.models import ABILITIES

SOURCES = {"ollama": "Ollama", "hf": "Hugging Face"}
LANGUAGES = {"en": N_("English"), "ja": N_("Japanese")}


def available(card_width: int) -> None:
    """A name to type, and a few models to begin with."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(_("Available"), anchor=False, width="stretch")
        if st.button(_("Make a model"), icon=":material/construction:", key="make"):
            models_make.dialog()
    _by_name()
    there = _reachable()
    with shown():
        offered = [one for one in workbench().models.suggested() if _source(one) in there]
        with st.grid("auto", min_column_width=card_width, border=True):
            for one in offered:
                _card(one)


def _by_name() -> None:
    with st.form("get", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            source = st.segmented_control(
                _("From"),
                list(SOURCES),
                default="ollama",
                required=True,
                format_func=lambda one: SOURCES[one],
                key="get-source",
            )
            name = st.text_input(
                _("Name"), placeholder="qwen3:4b · Qwen/Qwen3-0.6B", key="get-name", width=320
            )
            done = st.form_submit_button(_("Download"), icon=":material/download:")
        quiet(_("This is the only time that Engawa asks a server outside, and only for this."))
    if done and name.strip():
        with shown():
            workbench().models.pull(f"{source}:{name.strip()}")
            st.rerun()


def _card(one: Suggestion) -> None:
    prefix, _sep, name = one.ref.partition(":")
    with st.container(gap="xsmall", key=f"get-{one.ref}"):
        st.markdown(f"**{plain(name)}**  \n:small[:gray[{SOURCES[prefix]}]]")
        speaks = words.listed([_(LANGUAGES[code]) for code in one.speaks if code in LANGUAGES])
        size = _("{size} to download", size=words.size(one.size_bytes))
        st.markdown(f":small[{size}{' · ' + speaks if speaks else ''}]")
        with st.container(horizontal=True, gap="xsmall"):
            for ability in one.good_for:
                st.badge(_(ABILITIES.get(ability, ability)), color="gray")
        st.button(
            _("Download"),
            key=f"pull-{one.ref}",
            icon=":material/download:",
            on_click=kept(workbench().models.pull),
            args=(one.ref,),
        )


def _reachable() -> set[str]:
    """Sources that can be used just now: Ollama fetches its models itself."""
    ready = {state.name for state in workbench().registry.states() if state.available}
    return ready | {"hf"}


def _source(one: Suggestion) -> str:
    return one.ref.partition(":")[0]
