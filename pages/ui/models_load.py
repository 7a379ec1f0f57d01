"""Load a Hugging Face model in a chosen way, with what that takes beside the choices."""

from __future__ import annotations

import streamlit as st

from core.hardware.forecast import Forecast
from core.runner.loading import CHOICES, LoadOptions, from_words
from core.text import N_, _
from pages.ui import words
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.markdown import plain, quiet
from pages.ui.models_card import fit

BITS = {"none": N_("as in its files"), "int8": N_("8 bits"), "nf4": N_("4 bits")}
KEYS = {"f16": N_("as it computes"), "q8_0": N_("8 bits"), "q4_0": N_("4 bits")}
DEVICES = {"auto": N_("where it fits"), "cpu": N_("processor only")}
LONGEST, STEP = 1_048_576, 1_024


def dialog(ref: str) -> None:
    """Ask how, and begin to load."""

    @st.dialog(_("Load in another way"), icon=":material/tune:")
    def ask() -> None:
        words.begin(workbench())
        st.markdown(f"**{plain(ref)}**")
        with shown():
            forecast = workbench().forecasts.of(ref)
            wanted = _choices(forecast)
            st.markdown(fit(workbench().forecasts.of(ref, load=wanted)))
            quiet(_("If it is in memory already, it is loaded anew."))
            if st.button(_("Load"), type="primary", key="load-so"):
                workbench().models.load(ref, wanted)
                st.rerun()

    ask()


def _choices(forecast: Forecast) -> LoadOptions:
    left, right = st.columns(2)
    with left:
        bits = _one(_("Weights"), "quantization", {"": N_("what fits")} | BITS)
        device = _one(_("Where"), "device", DEVICES)
    with right:
        tokens = st.number_input(
            _("Context"), 64, LONGEST, forecast.context_tokens, STEP, key="load-context"
        )
        kv = _one(_("Keys and values"), "kv_type", KEYS)
    found = {"context_tokens": tokens, "kv_type": kv, "device": device}
    if forecast.place == "gpu" and forecast.layers and device != "cpu":
        layers = st.slider(_("Layers on the card"), 0, forecast.layers, forecast.layers)
        found |= {"gpu_layers": layers} if layers < forecast.layers else {}
    return from_words(found | ({"quantization": bits} if bits else {}))


def _one(label: str, name: str, texts: dict[str, str]) -> str:
    options = [one for one in texts if not one or one in CHOICES[name]]
    return str(
        st.selectbox(label, options, key=f"load-{name}", format_func=lambda one: _(texts[one]))
    )
