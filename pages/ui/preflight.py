"""A card above the talk when a room's models do not fit, with the buttons that help."""

from __future__ import annotations

import streamlit as st

from core.rooms.model import Room
from core.rooms.preflight import Part, Preflight, Remedy
from core.text import N_, _
from core.workbench import Workbench
from pages.ui import words
from pages.ui.engine import workbench
from pages.ui.failures import kept
from pages.ui.markdown import plain


@st.cache_data(ttl=10, show_spinner=False, max_entries=100)
def _examined(room_id: str, context: str, models: tuple[str, ...]) -> Preflight:  # noqa: ARG001
    return workbench().preflights.of(room_id)


def card(bench: Workbench, room: Room) -> None:
    """Nothing when all fits, or nobody can tell."""
    models = tuple(bench.rooms.model_of(room, name) for name in room.agents)
    changed = f"{room.context_tokens} {room.policy} {room.policy_options}"
    found = _examined(room.id, changed, models)
    if found.verdict not in ("does_not_fit", "swaps"):
        return
    large = [part for part in found.parts if part.fits is False]
    if found.verdict == "does_not_fit":
        text = "  \n".join(_named(part, found) for part in large)
    else:
        text = _("These models do not fit into memory together; they take turns, which takes time.")
    with st.container(border=True, gap="small"):
        st.markdown(f":material/memory: {text}")
        with st.container(horizontal=True, gap="small"):
            for remedy in found.remedies:
                st.button(
                    _label(remedy),
                    key=f"remedy-{remedy.kind}",
                    on_click=kept(bench.preflights.apply),
                    args=(room.id, remedy.kind),
                )


def _named(part: Part, found: Preflight) -> str:
    text = N_("{model} does not fit: {needed} needed, {free} free.")
    if part.kind == "picker":
        text = N_("{model}, which picks who speaks, does not fit: {needed} needed, {free} free.")
    return _(
        text,
        model=plain(part.ref),
        needed=words.size(part.total_bytes or 0),
        free=words.size(found.available_bytes[part.place] or 0),
    )


def _label(remedy: Remedy) -> str:
    if remedy.kind == "context":
        return _("Shorter context: {tokens} tokens", tokens=remedy.context_tokens)
    if remedy.kind == "share":
        return _("{model} for everybody", model=plain(remedy.model or ""))
    return _("Smaller model: {model}", model=plain(remedy.model or ""))
