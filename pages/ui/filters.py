"""The filters on the Settings screen: which groups of rules are on, and where the rules lie."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.rooms.speech.rules import FilterGroup
from core.rooms.speech.speech import PREFERENCE
from core.text import _
from core.workbench import Workbench
from pages.ui import failures, words
from pages.ui.failures import kept
from pages.ui.markdown import plain, quiet


def settings(bench: Workbench) -> None:
    """The group on the Settings screen."""
    st.subheader(_("Filters"), anchor=False)
    speech = bench.rooms.speech
    quiet(_("What agents say passes these before anybody sees it, and before it is stored."))
    error = speech.file.error()
    if error is not None:
        failures.show(error)
    for group in speech.file.rules().groups:
        _switch(bench, group)
    places = {"file": f"`{speech.file.bundled}`", "own": f"`{speech.file.own}`"}
    if speech.file.own.exists():
        quiet(_("Your own rules count: {own}.", **places))
    else:
        quiet(
            _(
                "The rules are in {file}. To change them, copy it to {own}; your copy counts as "
                "soon as it is saved.",
                **places,
            )
        )


def _switch(bench: Workbench, group: FilterGroup) -> None:
    key = f"filter-{group.name}"
    st.toggle(
        plain(_in_language(group.title) or group.name),
        group.name in bench.rooms.speech.switched_on(),
        key=key,
        on_change=kept(lambda: _keep(bench, group.name, on=bool(st.session_state[key]))),
    )
    about = _in_language(group.about)
    if about:
        quiet(plain(about))


def _keep(bench: Workbench, name: str, *, on: bool) -> None:
    others = [one for one in bench.rooms.speech.switched_on() if one != name]
    bench.preferences.set(PREFERENCE, [*others, name] if on else others)


def _in_language(texts: Mapping[str, str]) -> str:
    return texts.get(words.language()) or texts.get("en") or ""
