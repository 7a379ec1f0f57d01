"""A server of models, and what is known of a model, as the screens show them."""

from __future__ import annotations

import streamlit as st

from core.errors import ServerAway
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
    "structured": N_("given shapes"),
}


def server_note(server: ProviderState) -> None:
    """What is known of a server, and the next step when it is away."""
    if server.address is None:
        return
    address, name = plain(server.address), plain(_title(server))
    if server.available:
        st.success(
            _("{server} is running at {address}.", server=name, address=address),
            icon=":material/check_circle:",
        )
        return
    why = _("{server} is not running at {address}.", server=name, address=address)
    if server.error and not isinstance(server.error, ServerAway):
        why = plain(server.error.message())
    hint = plain(server.error.hint()) if server.error else ""
    st.info(why + "  \n" + hint, icon=":material/power_off:")


def _title(server: ProviderState) -> str:
    """Such as “Ollama 0.24.0”; for an OpenAI-compatible host the name that the user gave it."""
    if server.name == "ollama":
        return f"Ollama {server.version}" if server.version else "Ollama"
    return server.name.partition("@")[2] or server.name


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
