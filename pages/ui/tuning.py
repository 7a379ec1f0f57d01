"""Self-tuning on the Hardware screen: what seems worth a try, what is set, undo."""

from __future__ import annotations

import streamlit as st

from core.text import _, language
from core.tuning import Proposal, Tuned
from core.workbench import Workbench
from pages.ui.failures import kept
from pages.ui.markdown import plain, quiet


def tuning(bench: Workbench) -> None:
    """Proposals with their button; below them what is set."""
    proposals, options = bench.tuning.proposals(), bench.tuning.book.options()
    for proposal in proposals:
        _proposal(bench, proposal)
    for ref, tuned in options.items():
        _set(bench, ref, tuned)
    if not proposals and not options:
        quiet(
            _(
                "When models have spoken for a while, settings that may be faster are proposed"
                " here. Each is tried against the present one, and kept only if it wins."
            )
        )


def _proposal(bench: Workbench, proposal: Proposal) -> None:
    ref, options = proposal.model, proposal.options
    with st.container(horizontal=True, vertical_alignment="center"):
        why = plain(proposal.text(language()))
        st.markdown(f"**{plain(ref)}** {why} :gray[{plain(options.shown())}]", width="stretch")
        act = bench.tuning.compare if proposal.compare else bench.tuning.apply
        st.button(
            _("Try it") if proposal.compare else _("Use it"),
            key=f"tune-{ref}-{options.shown()}",
            on_click=kept(act),
            args=(ref, options),
            help=_("Ten short answers; the model is loaded anew for each.")
            if proposal.compare
            else None,
        )


def _set(bench: Workbench, ref: str, tuned: Tuned) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        text = _("{model} runs with {options}.", model=plain(ref), options=plain(tuned.shown()))
        st.markdown(text, width="stretch")
        if bench.tuning.book.last_change(ref) is not None:
            undo = kept(bench.tuning.undo)
            st.button(_("Undo"), key=f"undo-{ref}", on_click=undo, args=(ref,))
