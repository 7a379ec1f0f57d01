"""What is wrong with the machine, where everybody sees it, with the button that helps."""

from __future__ import annotations

import streamlit as st

from core.hardware.anomaly import Anomaly
from core.hardware.anomaly.guard import event_of
from core.text import N_, _, language
from core.workbench import Workbench
from pages.ui.failures import kept, show
from pages.ui.markdown import plain, quiet
from pages.ui.state import state

BUTTONS = {
    "retry": N_("Look again"),
    "unload_idle": N_("Unload idle models"),
    "restart_client": N_("Connect anew"),
    "ladder": N_("Use a smaller setting"),
    "stop_training": N_("Stop the training"),
}


def unseen(bench: Workbench) -> Anomaly | None:
    """The one that a banner should tell; `None`: all is well, or was seen."""
    found = [one for one in bench.guard.active() if _id(one) not in state().seen_anomalies]
    return found[0] if found else None


def changed(bench: Workbench) -> bool:
    """Whether the page was drawn with another banner than it should have now."""
    now = unseen(bench)
    return state().shown_anomaly != (None if now is None else _id(now))


def note(anomaly: Anomaly | None) -> None:
    """The page is drawn with this one."""
    state().shown_anomaly = None if anomaly is None else _id(anomaly)


def draw(bench: Workbench, anomaly: Anomaly) -> None:
    """The banner: what is wrong, and one way to help."""
    told = event_of(anomaly, bench.telemetry.latest()).text(language())
    action = next((one for one in anomaly.rule.then if bench.guard.recovery.can(one)), None)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="banner"):
        st.markdown(f":material/warning: {plain(told)}", width="stretch")
        if action is not None:
            helped = kept(bench.guard.act)
            st.button(_(BUTTONS[action]), on_click=helped, args=(action, anomaly.subject))
        st.button(_("I have seen it"), on_click=_seen, args=(_id(anomaly),), key="anomaly-seen")


def panel(bench: Workbench) -> None:
    """On the Hardware screen: all of them, whether they are acted on, a mistake in the rules."""
    for anomaly in bench.guard.active():
        told = event_of(anomaly, bench.telemetry.latest()).text(language())
        st.warning(plain(told), icon=":material/warning:")
    problem = bench.guard.error()
    if problem is not None:
        show(problem)


def switch(bench: Workbench) -> None:
    """Whether the app may put things right by itself."""
    st.toggle(
        _("Put things right by itself"),
        bool(bench.preferences.get("recover", bench.settings.care.recover)),
        key="recover",
        on_change=kept(lambda: bench.preferences.set("recover", st.session_state.recover)),
    )
    quiet(
        _(
            "What counts as wrong and what is tried stands in {file}; a copy in your data folder"
            " replaces it.",
            file="config/anomaly\\_rules.yaml",
        )
    )


def _id(anomaly: Anomaly) -> str:
    return f"{anomaly.rule.name}:{anomaly.subject}:{anomaly.since:.0f}"


def _seen(name: str) -> None:
    state().seen_anomalies.add(name)
