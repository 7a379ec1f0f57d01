"""The models: which ones are here, what each can do, and which one everybody speaks with."""

from __future__ import annotations

import streamlit as st

from core.text import _
from pages.ui import care, frame
from pages.ui.engine import workbench
from pages.ui.markdown import plain
from pages.ui.models import model_card, server_note

CARD_WIDTH = 280


def show() -> None:
    """The servers first, then the models that are here."""
    with frame.head(_("Models")):
        if st.button(_("Look again"), icon=":material/refresh:"):
            workbench().registry.forget()
    bench = workbench()
    default = bench.preferences.get("default_model", bench.settings.models.default)
    for server in bench.registry.states():
        server_note(server)
    care.circuits()
    st.subheader(_("Here"), anchor=False)
    models = bench.registry.models()
    if not models:
        st.info(_("No model is here yet."))
    with st.grid("auto", min_column_width=CARD_WIDTH, border=True):
        for model in sorted(models, key=lambda one: (one.ref != default, one.ref)):
            model_card(model, chosen=model.ref == default)
    _more(str(bench.settings.paths.models))


def _more(folder: str) -> None:
    """How further models get here."""
    st.subheader(_("More models"), anchor=False)
    st.markdown(_("With Ollama: {command} in a terminal.", command="`ollama pull qwen3:4b`"))
    st.markdown(
        _(
            "From Hugging Face: put a model's folder (with its safetensors) into {folder}.",
            folder=plain(folder),
        )
    )


if __name__ == "__main__":
    frame.alone(show)
