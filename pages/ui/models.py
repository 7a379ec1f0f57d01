"""A server of models, and what is known of a model, as the screens show them."""

from __future__ import annotations

import streamlit as st

from core.providers.base import ModelInfo, ProviderState
from core.text import N_, _, ngettext
from pages.ui import words
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


def in_memory(model: ModelInfo) -> list[str]:
    """How it is in memory now, and which adapters can be put onto it."""
    lines = []
    if model.load:
        told = model.load
        bits = plain(str(told.get("quantization")))
        place = plain(str(told.get("device")))
        layers, on_card = told.get("layers"), told.get("gpu_layers")
        text = _("In memory: {place}, {bits}.", place=place, bits=bits)
        if on_card:
            text += " " + _("{n} of {all} layers on the card.", n=on_card, all=layers)
        lines.append(text)
    if model.adapters:
        names = ", ".join(plain(name) for name in model.adapters)
        lines.append(_("Adapters: {names}", names=names))
    return lines


def facts(model: ModelInfo) -> list[str]:
    """What is known of it, in a few words each."""
    found = [plain(fact) for fact in (model.parameters, model.quantization) if fact]
    if model.size_bytes is not None:
        found.append(words.size(model.size_bytes))
    if model.context_tokens is not None:
        found.append(
            ngettext("context of {n} token", "context of {n} tokens", model.context_tokens)
        )
    return found or [_("nothing more is known")]
