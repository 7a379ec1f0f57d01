"""Models that are asked for less just now: on which rung, since when, why, and the way back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from core.errors import explain
from core.providers.ladder.ladder import LadderState
from core.text import N_, _
from core.workbench import Workbench
from pages.ui.failures import kept
from pages.ui.markdown import plain

STEPS = {
    "context": N_("context of {after} tokens instead of {before}"),
    "kv": N_("keys and values as {after}"),
    "layers": N_("{after} layers on the card instead of {before}"),
    "quantization": N_("weights as {after}"),
    "model": N_("{after} answers for it"),
    "cpu": N_("on the processor"),
}


def ladder(bench: Workbench) -> None:
    """One line each; nothing when every model is asked as wanted."""
    for state in bench.ladder.states():
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{_head(state)}  \n:small[:gray[{_why(state)}]]", width="stretch")
            st.button(
                _("Ask as before"),
                key=f"ladder-{state.ref}",
                on_click=kept(bench.ladder.reset),
                args=(state.ref,),
            )


def _head(state: LadderState) -> str:
    rung = state.rung
    before, after = (plain(str(one)) for one in (rung.before, rung.after))
    said = _(STEPS[rung.step], before=before, after=after)
    return f":orange[:material/stairs:] **{plain(state.ref)}**: {said}"


def _why(state: LadderState) -> str:
    step = _("step {n} of {all}", n=state.level, all=state.rungs - 1)
    return f"{step} · {_moment(state.since)} · {plain(explain(state.cause))}"


def _moment(at: float) -> str:
    offset = timedelta(minutes=-(st.context.timezone_offset or 0))
    return (datetime.fromtimestamp(at, UTC) + offset).strftime("%m-%d %H:%M")
