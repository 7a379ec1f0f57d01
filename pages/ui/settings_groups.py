"""Short groups of the settings: language, your name, appearance, where things are."""

from __future__ import annotations

import streamlit as st

from core.text import LANGUAGES, _
from core.workbench import Workbench
from pages.ui.failures import kept
from pages.ui.markdown import plain, quiet

LONGEST_NAME = 40


def language(bench: Workbench) -> None:
    """That of the screens."""
    st.subheader(_("Language"), anchor=False)
    automatic = _("As the browser wants it")
    options = ["", *LANGUAGES]
    saved = bench.preferences.get("language", "")
    st.radio(
        _("Language of the screens"),
        options,
        index=options.index(saved) if saved in options else 0,
        format_func=lambda code: LANGUAGES.get(code, automatic),
        key="language",
        horizontal=True,
        on_change=kept(
            lambda: bench.preferences.set("language", st.session_state.language or None)
        ),
        label_visibility="collapsed",
    )


def name(bench: Workbench) -> None:
    """Under which the user writes."""
    st.subheader(_("Your name"), anchor=False)
    st.text_input(
        _("Under this name you write in rooms."),
        bench.preferences.get("user_name", bench.settings.rooms.user_name),
        max_chars=LONGEST_NAME,
        key="user-name",
        on_change=kept(lambda: _keep_name(bench)),
    )


def _keep_name(bench: Workbench) -> None:
    name = " ".join(st.session_state["user-name"].split())
    bench.preferences.set("user_name", name or None)


def appearance() -> None:
    """Light or dark."""
    st.subheader(_("Appearance"), anchor=False)
    st.markdown(
        _("Light or dark follows your system. To choose, open the menu at the top right (⋮).")
    )


def places(bench: Workbench) -> None:
    """Folders and addresses."""
    st.subheader(_("Where things are"), anchor=False)
    settings = bench.settings
    rows = {
        _("Data folder"): str(settings.paths.root),
        _("Ollama"): settings.ollama_url,
        _("Address of this app"): f"http://{settings.host}:{settings.port}",
    }
    for name, value in rows.items():
        st.markdown(f"{name}  \n`{value}`" if "`" not in value else f"{name}  \n{plain(value)}")
    quiet(
        _(
            "These come from config.yaml in the data folder and from variables named ENGAWA_…; "
            "a change takes effect at the next start."
        )
    )
