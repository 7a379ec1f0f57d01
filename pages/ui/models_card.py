"""One model that is here: what it is, whether it fits, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from core.hardware.forecast import Forecast
from core.providers.base import CHAT, STARTER, ModelInfo
from core.text import _
from pages.ui import words
from pages.ui.engine import workbench
from pages.ui.failures import kept
from pages.ui.markdown import plain
from pages.ui.models import ABILITIES, facts, in_memory
from pages.ui.state import state

MANAGED = ("ollama", "hf")


def model_card(model: ModelInfo, forecast: Forecast | None, *, chosen: bool) -> None:
    """`chosen`: everybody speaks with it, else it can be chosen."""
    with st.container(gap="xsmall", key=f"model-{model.ref}"):
        with st.container(horizontal=True, vertical_alignment="top", gap="small"):
            head = f"**{plain(model.title)}**  \n:small[:gray[{plain(model.ref)}]]"
            st.markdown(head, width="stretch")
            _menu(model)
        st.markdown(":small[" + " · ".join(facts(model)) + "]")
        _badges(model)
        for line in in_memory(model):
            st.markdown(f":small[{line}]")
        if forecast is not None:
            st.markdown(f":small[{fit(forecast)}]")
        if chosen:
            st.markdown(":green[:material/check: " + _("Everybody speaks with this one") + "]")
        elif CHAT in model.capabilities:
            st.button(
                _("Use this one"),
                key=f"use-{model.ref}",
                on_click=_ask_switch,
                args=(model.ref,),
                help=_("Agents that name no model of their own speak with it."),
            )


def fit(forecast: Forecast) -> str:
    """Whether it fits, with the numbers."""
    if forecast.verdict == "fits_shorter":
        said = _("fits with a context of {n} tokens", n=forecast.longest_context or "?")
        return f":orange[:material/compress: {said}]"
    unknown = forecast.verdict == "unknown"
    return fit_of(forecast.total_bytes, None if unknown else forecast.free_bytes)


def fit_of(needed: int, free: int | None) -> str:
    """Whether so many bytes are free; `None`: nobody knows."""
    if free is None:
        return ":gray[" + _("Whether it fits is not known.") + "]"
    need, there = words.size(needed), words.size(max(0, free))
    if needed <= free:
        said = _("fits: {need} needed, {free} free", need=need, free=there)
        return f":green[:material/check_circle: {said}]"
    said = _("does not fit: {need} needed, {free} free", need=need, free=there)
    return f":red[:material/block: {said}]"


def _badges(model: ModelInfo) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        if model.loaded:
            st.badge(_("in memory"), color="green", icon=":material/memory:")
        for ability in sorted(model.capabilities & ABILITIES.keys()):
            st.badge(_(ABILITIES[ability]), color="gray")
        if model.host:
            st.badge(plain(model.host), color="orange", icon=":material/cloud:")


def _menu(model: ModelInfo) -> None:
    key = f"more-{model.ref}"
    options = _options(model)
    st.menu_button(
        _("More"),
        tuple(options),
        key=key,
        type="tertiary",
        icon=":material/more_horiz:",
        format_func=lambda option: options[option],
        on_click=kept(lambda: _act(str(st.session_state[key]), model.ref)),
    )


def _options(model: ModelInfo) -> dict[str, str]:
    found = {"show": _("Details")}
    found |= {} if model.host else {"memory": _("Memory")}
    if model.provider in MANAGED and CHAT in model.capabilities:
        found |= {"unload": _("Unload")} if model.loaded else {"load": _("Load")}
        found |= {"load_so": _("Load in another way")} if model.provider == "hf" else {}
    if model.provider in MANAGED and model.ref != STARTER:
        found["delete"] = _("Delete")
    return found


def _act(option: str, ref: str) -> None:
    models = workbench().models
    if option == "load":
        models.load(ref)
    elif option == "unload":
        models.unload(ref)
    else:
        state().model_dialog = (option, ref)


def _ask_switch(ref: str) -> None:
    state().switch_to = ref
