"""Under which name somebody writes in this tab: their own, or the one that all tabs share.

The tab's name stands in its address, so that a reload and a bookmark keep it.
"""

from __future__ import annotations

import streamlit as st

from core.rooms.rules import MAX_NAME
from core.settings import RoomSettings
from core.text import _
from pages.ui.engine import workbench
from pages.ui.markdown import plain
from pages.ui.state import state

ME = "me"


def own_name() -> str:
    """The name under which this tab writes."""
    bench = workbench()
    shared: str = bench.preferences.get("user_name", bench.settings.rooms.user_name)
    return state().name or shared


def _is_named() -> bool:
    """Whether anybody has chosen a name here: “You are You” would tell nothing."""
    return own_name() != RoomSettings.model_fields["user_name"].default


def keep() -> None:
    """Take the name from the address, or put it back where going to another screen lost it."""
    tab = state()
    if ME in st.query_params:
        tab.name = _tidy(st.query_params[ME])
    elif tab.name:
        st.query_params[ME] = tab.name


def chooser(place: str) -> None:
    """A small button that says who writes here, and lets it be somebody else.

    `place` tells apart where on the page this is drawn.
    """
    key = f"tab-name-{place}"
    label = _("You are {name}", name=plain(own_name())) if _is_named() else _("Choose your name")
    with st.popover(label, icon=":material/badge:", type="tertiary"):
        st.text_input(
            _("Your name in this tab"),
            state().name,
            placeholder=own_name(),
            max_chars=MAX_NAME,
            key=key,
            on_change=_chosen,
            args=(key,),
            help=_("Several people can write from several tabs. Empty: the name of the settings."),
        )


def _chosen(key: str) -> None:
    tab = state()
    tab.name = _tidy(st.session_state[key])
    tab.redraw = True
    if tab.name:
        st.query_params[ME] = tab.name
    else:
        st.query_params.pop(ME, None)


def _tidy(name: str) -> str:
    return " ".join(name.split())[:MAX_NAME]
