"""What a model takes in memory, by part: to talk with it, or to train an adapter for it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.hardware.forecast import Training
from core.hardware.forecast.names import PARTS, TRAINING_PARTS
from core.hardware.forecast.training import TARGETS
from core.runner.loading import CHOICES
from core.text import N_, _
from pages.ui import words
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.markdown import plain, quiet
from pages.ui.models_card import fit, fit_of
from pages.ui.models_load import BITS, KEYS, LONGEST, STEP

PURPOSES = {"talk": N_("To talk"), "train": N_("To train an adapter")}


def dialog(ref: str) -> None:
    """Ask how it is wanted, and show the sum with its parts."""

    @st.dialog(_("Memory"), icon=":material/memory:")
    def ask() -> None:
        words.begin(workbench())
        st.markdown(f"**{plain(ref)}**")
        purpose = "talk"
        if ref.startswith(("hf:", "starter")):
            purpose = st.segmented_control(
                _("What for"),
                list(PURPOSES),
                default="talk",
                required=True,
                key="memory-purpose",
                format_func=lambda one: _(PURPOSES[one]),
            )
        with shown():
            training(ref) if purpose == "train" else _talking(ref)

    ask()


def _talking(ref: str) -> None:
    known = workbench().forecasts.of(ref)
    left, right = st.columns(2)
    tokens = left.number_input(
        _("Context"), 64, LONGEST, known.context_tokens, STEP, key="memory-context"
    )
    kv = right.selectbox(
        _("Keys and values"),
        CHOICES["kv_type"],
        key="memory-kv",
        format_func=lambda one: _(KEYS[one]),
    )
    found = workbench().forecasts.of(ref, tokens, kv)  # type: ignore[arg-type]
    st.markdown(fit(found))
    _parts({name: getattr(found, name) for name in PARTS}, PARTS, found.total_bytes)


def training(ref: str) -> None:
    """The choices of a training, and what it takes with them. Also for the lab of adapters."""
    found, free = workbench().forecasts.training(ref, _choices())
    st.markdown(fit_of(found.total_bytes, free))
    sizes = {name: getattr(found, name) for name in TRAINING_PARTS}
    _parts(sizes, TRAINING_PARTS, found.total_bytes)
    quiet(_("{n} numbers are trained.", n=f"{found.parameters:,}"))


def _choices() -> Training:
    left, right = st.columns(2)
    with left:
        rank = st.number_input(_("Rank"), 1, 512, 8, key="training-rank")
        tokens = st.number_input(
            _("Tokens of an example"), 64, LONGEST, 512, 64, key="training-tokens"
        )
    with right:
        batch = st.number_input(_("Examples at once"), 1, 256, 1, key="training-batch")
        bits = st.selectbox(
            _("Weights"), list(BITS), key="training-bits", format_func=lambda one: _(BITS[one])
        )
    targets = st.pills(
        _("What it changes"),
        TARGETS,
        selection_mode="multi",
        default=list(Training().targets),
        key="training-targets",
    )
    saving = st.toggle(
        _("Compute activations again"),
        value=True,
        key="training-checkpointing",
        help=_("Takes less memory and more time."),
    )
    return Training(rank, tuple(targets), tokens, batch, saving, bits)  # type: ignore[arg-type]


def _parts(sizes: Mapping[str, int], names: Mapping[str, str], total: int) -> None:
    """Each part with its share of the sum; what takes nothing is left out."""
    rows = [
        {
            _("Part"): _(names[name]),
            _("Size"): words.size(size) if size > 0 else f"-{words.size(-size)}",
            _("Share"): max(0.0, 100 * size / total) if total else 0.0,
        }
        for name, size in sizes.items()
        if size
    ]
    share = st.column_config.ProgressColumn(format="%.0f %%", min_value=0, max_value=100)
    st.dataframe(rows, hide_index=True, column_config={_("Share"): share})
