"""The examination of `python -m core doctor` as a list: green, amber, red, each with its step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.settings import Settings
from core.text import _
from pages.ui.markdown import plain

if TYPE_CHECKING:
    from core.doctor import Finding

ICONS = {
    "ok": ":green[:material/check_circle:]",
    "warning": ":orange[:material/warning:]",
    "error": ":red[:material/error:]",
}


def diagnostics(settings: Settings) -> None:
    """A button, and once it was pressed the findings."""
    st.subheader(_("Diagnostics"), anchor=False)
    if not st.button(_("Examine this installation"), icon=":material/troubleshoot:"):
        return
    from core.doctor import examine  # takes most of a second, and only this button needs it

    with st.spinner(_("Looking at Python, packages, storage and models …")):
        # The port is this app's own: that it is taken is no news.
        findings = [one for one in examine(settings) if one.part != "port"]
    for finding in findings:
        _row(finding)


def _row(finding: Finding) -> None:
    hint = finding.hint()
    step = f"  \n:small[:gray[{plain(hint)}]]" if hint else ""
    st.markdown(
        f"{ICONS[finding.level]} **{plain(finding.title())}** {plain(finding.message())}{step}"
    )
