"""The models: what is here and whether it fits, what could come, and which one everybody uses."""

from __future__ import annotations

import streamlit as st

from core.text import _
from pages.ui import (
    care,
    frame,
    ladder,
    models_dialogs,
    models_get,
    models_jobs,
    models_switch,
    style,
)
from pages.ui.engine import workbench
from pages.ui.models import server_note
from pages.ui.models_card import model_card

CARD_WIDTH = 300


def show() -> None:
    """The servers first, what is under way, the models that are here, then those to be had."""
    bench = workbench()
    style.cards()
    with frame.head(_("Models")):
        if st.button(_("Look again"), icon=":material/refresh:"):
            bench.registry.forget()
    for server in bench.registry.states():
        server_note(server)
    care.circuits()
    models_jobs.panel()
    ladder.ladder(bench)
    _here()
    models_get.available(CARD_WIDTH)
    models_switch.asked()
    models_dialogs.asked()


def _here() -> None:
    bench = workbench()
    main = bench.preferences.get("default_model", bench.settings.models.default)
    models = sorted(bench.registry.models(), key=lambda one: (one.ref != main, one.ref))
    forecasts = bench.models.forecasts([model.ref for model in models])
    st.subheader(_("Here"), anchor=False)
    if not models:
        st.info(_("No model is here yet."))
    with st.grid("auto", min_column_width=CARD_WIDTH, border=True):
        for model in models:
            model_card(model, forecasts[model.ref], chosen=model.ref == main)


if __name__ == "__main__":
    frame.alone(show)
