"""Use this one: the plan before it is done, and each step's seconds while it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.models import SwitchPlan
from core.text import N_, _
from pages.ui import words
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.markdown import plain, quiet
from pages.ui.models_card import fit
from pages.ui.state import state

STEPS = {
    "unload": N_("{model} is out of memory"),
    "memory": N_("its memory is back"),
    "load": N_("{model} is loaded"),
}


def asked() -> None:
    """The plan as a dialog, when a button asked for it."""
    ref, state().switch_to = state().switch_to, None
    if ref is not None:
        _dialog(ref)


def _dialog(ref: str) -> None:
    @st.dialog(_("Use this one"), icon=":material/swap_horiz:")
    def ask() -> None:
        words.begin(workbench())
        with shown():
            plan = workbench().models.plan(ref)
            _plan(plan)
            with st.container(horizontal=True):
                if st.button(_("Switch now"), type="primary", key="switch-now"):
                    workbench().models.switch(ref)
                    st.rerun()
                if st.button(_("Not now"), key="switch-not"):
                    st.rerun()

    ask()


def _plan(plan: SwitchPlan) -> None:
    lines = [_("Unload {model}", model=f"**{plain(ref)}**") for ref in plan.unload]
    model = f"**{plain(plan.to)}**"
    if plan.loaded:
        lines.append(_("{model} is in memory already", model=model))
    elif plan.expected_s is None:
        lines.append(_("Load {model}", model=model))
    else:
        about = f"{plan.expected_s:.1f}"
        lines.append(_("Load {model}, about {seconds} s", model=model, seconds=about))
    st.markdown("\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1)))
    if plan.forecast is not None:
        st.markdown(fit(plan.forecast))
    if plan.expected_s is None and not plan.loaded:
        quiet(_("It was never loaded here, so nobody knows yet how long that takes."))
    quiet(_("If it does not load, the one before comes back."))


def steps(found: list[Mapping[str, Any]]) -> None:
    """What was done, each with its measured seconds."""
    lines = []
    for step in found:
        said = _(STEPS.get(step["step"], step["step"]), model=plain(step["model"]))
        facts = [words.seconds(1000 * step["seconds"])]
        if step["bytes"]:
            facts.append(words.size(step["bytes"]))
        lines.append(f":material/check: {said} :small[:gray[{' · '.join(facts)}]]")
    if lines:
        st.markdown("  \n".join(lines))
