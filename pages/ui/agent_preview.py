"""The right column of the editor: the agent as a room would meet it, while it is written."""

from __future__ import annotations

import streamlit as st

from core.providers.base import CHAT, STARTER, ModelInfo
from core.text import _
from pages.ui import agent_sample
from pages.ui.agent_draft import Draft
from pages.ui.agent_picture import portrait_of
from pages.ui.agent_prompt import prompt
from pages.ui.agent_record import record
from pages.ui.agent_versions import versions
from pages.ui.engine import workbench
from pages.ui.markdown import plain, quiet

LONGEST_LINE = 500


def preview(draft: Draft) -> None:
    """Face and name; below them, behind tabs, how it speaks and what makes it speak."""
    with st.container(key="agent-preview"):
        portrait_of(draft)
        models = _models()
        if models:
            _tabs(draft, models)
        else:
            quiet(_("No model is here yet."))
            versions(draft)


def _tabs(draft: Draft, models: dict[str, ModelInfo]) -> None:
    said, model = _asked(models)
    titles = (_("Sample"), _("Prompt"), _("Compare"), _("Versions"), _("Record"))
    # Only the open one's body runs: the others would ask models and count tokens unseen.
    sample, sent, both, before, so_far = st.tabs(titles, key="agent-tabs", on_change="rerun")
    if sample.open:
        with sample:
            agent_sample.sample(draft, said, model, local=models[model].local)
    if sent.open:
        with sent:
            prompt(draft, said, model)
    if both.open:
        with both:
            agent_sample.compare(draft, said, (model, _against(models, model)))
    if before.open:
        with before:
            versions(draft)
    if so_far.open:
        with so_far:
            record(draft)


def _models() -> dict[str, ModelInfo]:
    """All that can chat, the starter first: it is here and quick."""
    found = [one for one in workbench().registry.models() if CHAT in one.capabilities]
    return {one.ref: one for one in sorted(found, key=lambda one: (one.ref != STARTER, one.ref))}


def _asked(models: dict[str, ModelInfo]) -> tuple[str, str]:
    """The line that is said to it, and the model that speaks for it here."""
    line, who = st.columns((0.6, 0.4), gap="small")
    with line:
        usual = _("Hello! Who are you?")
        said = st.text_input(
            _("You say"), usual, key="preview-said", max_chars=LONGEST_LINE, persist_state="session"
        )
    with who:
        model = st.selectbox(
            _("It speaks with"),
            list(models),
            format_func=lambda ref: plain(models[ref].title),
            key="preview-model",
        )
    return said or usual, str(model)


def _against(models: dict[str, ModelInfo], first: str) -> str:
    """The other model of a comparison: another one than the first, if there is one."""
    refs = list(models)
    other = next((number for number, ref in enumerate(refs) if ref != first), 0)
    against = st.selectbox(
        _("and beside it"),
        refs,
        index=other,
        format_func=lambda ref: plain(models[ref].title),
        key="preview-against",
    )
    return str(against)
