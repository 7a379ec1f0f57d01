"""What a room may cost, as a form."""

from __future__ import annotations

import streamlit as st

from core.rooms.limits.budget import LIMITS
from core.rooms.model import Room
from core.text import N_, _
from pages.ui.engine import workbench
from pages.ui.markdown import quiet
from pages.ui.meters import JOULES_A_WH

TITLES = {
    "turns": N_("Turns"),
    "tokens": N_("Tokens"),
    "seconds": N_("Seconds of speaking"),
    "joules": N_("Energy in Wh"),
}


def limit_choices(room: Room) -> dict[str, float | None]:
    """A limit for each that is counted; `None` for none."""
    now = workbench().rooms.editing.budget(room.id).limits
    with st.expander(_("Limits")):
        quiet(_("At a limit the room waits until you let it go on. Empty: no limit."))
        with st.container(horizontal=True, gap="small"):
            return {name: _asked(name, now.get(name)) for name in LIMITS}


def save(room: Room, limits: dict[str, float | None]) -> None:
    """Change what is another limit than now."""
    now = workbench().rooms.editing.budget(room.id).limits
    changed = {name: limit for name, limit in limits.items() if limit != now.get(name)}
    if changed:
        workbench().rooms.editing.limit(room.id, changed)


def _asked(name: str, now: float | None) -> float | None:
    if name != "joules":
        whole = None if now is None else int(now)
        return st.number_input(_(TITLES[name]), 1, None, whole, key=f"limit-{name}")
    hours = None if now is None else now / JOULES_A_WH
    asked = st.number_input(_(TITLES[name]), 0.01, None, hours, step=0.1, key="limit-joules")
    return None if asked is None else round(asked * JOULES_A_WH, 3)
