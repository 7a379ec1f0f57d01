"""How other programs reach this app."""

from __future__ import annotations

import streamlit as st

from core.text import _
from core.workbench import Workbench
from pages.ui.markdown import plain


def settings(bench: Workbench) -> None:
    """The address and the key for programs that speak to OpenAI."""
    st.subheader(_("For other programs"), anchor=False)
    st.markdown(
        _(
            "Programs that speak to OpenAI can speak to your rooms and agents. Give them this "
            "address, the line in {file} as API key, and room/NAME or agent/NAME as model:",
            file=plain(str(bench.settings.paths.local_token)),
        )
    )
    st.code(f"http://{bench.settings.host}:{bench.settings.port}/v1", language=None)
