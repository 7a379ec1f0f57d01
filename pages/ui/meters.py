"""What a room has cost since it was last let go on, against what it may: a bar a limit."""

from __future__ import annotations

import streamlit as st

from core.rooms.limits.budget import LIMITS
from core.text import N_, _
from pages.ui.engine import workbench
from pages.ui.markdown import quiet

JOULES_A_WH = 3600
TEXTS = {
    "turns": N_("Turns: {spent} of {limit}"),
    "tokens": N_("Tokens: {spent} of {limit}"),
    "seconds": N_("Speaking: {spent} of {limit} s"),
    "joules": N_("Energy: {spent} of {limit} Wh"),
}


def draw(room_id: str) -> None:
    """Nothing for a room without limits."""
    budget = workbench().rooms.editing.budget(room_id)
    limited = [name for name in LIMITS if name in budget.limits]
    if limited:
        quiet(_("Budget"))
    for name in limited:
        _bar(name, budget.spent.get(name), budget.limits[name])


def _bar(name: str, spent: float | None, limit: float) -> None:
    if name == "joules" and spent is None:
        text = _("Energy: not measured yet")  # no card here tells its power, or nobody has spoken
    else:
        text = _(TEXTS[name], spent=_number(name, spent or 0), limit=_number(name, limit))
    st.progress(min(1.0, (spent or 0) / limit), text=f":small[{text}]")


def _number(name: str, value: float) -> str:
    return f"{value / JOULES_A_WH:.2f}" if name == "joules" else f"{value:,.0f}"
