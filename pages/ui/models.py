"""A model and a server of models, as the screens show them."""

from __future__ import annotations

import streamlit as st

from core.providers.base import CHAT, ModelInfo, ProviderState
from core.text import N_, _, ngettext
from pages.ui import words
from pages.ui.engine import workbench
from pages.ui.failures import kept
from pages.ui.markdown import plain

ABILITIES = {
    "chat": N_("chat"),
    "embedding": N_("search"),
    "tools": N_("tools"),
    "vision": N_("pictures"),
    "thinking": N_("thinking"),
}


def server_note(server: ProviderState) -> None:
    """What is known of a server, and the next step when it is away."""
    if server.address is None:
        return
    address = plain(server.address)
    if server.available:
        version = plain(server.version or "?")
        st.success(
            _("Ollama {version} is running at {address}.", version=version, address=address),
            icon=":material/check_circle:",
        )
        return
    hint = plain(server.error.hint()) if server.error else ""
    st.info(
        _("Ollama is not running at {address}.", address=address) + "  \n" + hint,
        icon=":material/power_off:",
    )


def model_card(model: ModelInfo, *, chosen: bool) -> None:
    """What it is and can do; `chosen`: everybody speaks with it, else it can be chosen."""
    with st.container(gap="xsmall"):
        st.markdown(f"**{plain(model.title)}**  \n:small[:gray[{plain(model.ref)}]]")
        st.markdown(":small[" + " · ".join(_facts(model)) + "]")
        with st.container(horizontal=True, gap="xsmall"):
            for ability in sorted(model.capabilities & ABILITIES.keys()):
                st.badge(_(ABILITIES[ability]), color="gray")
            if model.host:
                st.badge(plain(model.host), color="orange", icon=":material/cloud:")
        if chosen:
            st.markdown(":green[:material/check: " + _("Everybody speaks with this one") + "]")
        elif CHAT in model.capabilities:
            st.button(
                _("Use this one"),
                key=f"use-{model.ref}",
                on_click=kept(workbench().preferences.set),
                args=("default_model", model.ref),
                help=_("Agents that name no model of their own speak with it."),
            )


def _facts(model: ModelInfo) -> list[str]:
    facts = [plain(fact) for fact in (model.parameters, model.quantization) if fact]
    if model.size_bytes is not None:
        facts.append(words.size(model.size_bytes))
    if model.context_tokens is not None:
        facts.append(
            ngettext("context of {n} token", "context of {n} tokens", model.context_tokens)
        )
    return facts or [_("nothing more is known")]
