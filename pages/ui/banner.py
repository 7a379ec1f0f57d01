"""The banner: one thing at a time that needs the user, with the button that solves it."""

from __future__ import annotations

import streamlit as st

from core.providers.base import CHAT, ModelInfo
from core.text import _, ngettext
from core.workbench import Workbench
from pages.ui import anomalies
from pages.ui.failures import kept, show
from pages.ui.markdown import plain, quiet
from pages.ui.state import state

DISMISSED = "banner_dismissed"
MOST_MISSING = 12


def banner(bench: Workbench) -> None:
    """The most urgent one, if there is any."""
    anomaly = anomalies.unseen(bench)
    anomalies.note(anomaly)
    if bench.store.problem is not None:
        show(bench.store.problem)
    elif bench.store.report.recovered and not _dismissed(bench, _repair_id(bench)):
        _repaired(bench)
    elif state().deleted_room is not None:
        _bring_back(bench, str(state().deleted_room))
    elif anomaly is not None:
        anomalies.draw(bench, anomaly)
    else:
        _offer(bench)


def _offer(bench: Workbench) -> None:
    """A running Ollama has a model that can chat, and nobody uses one yet."""
    if bench.preferences.get("default_model") or _dismissed(bench, "offer"):
        return
    if bench.settings.models.default != "starter":
        return
    model = best_local(bench)
    if model is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="banner"):
        st.markdown(
            _(
                "Ollama is running here. Shall everybody speak with {model}?",
                model=plain(model.title),
            ),
            width="stretch",
        )
        st.button(
            _("Use {model} for everybody", model=plain(model.title)),
            on_click=kept(bench.preferences.set),
            args=("default_model", model.ref),
        )
        st.button(_("Not now"), on_click=kept(_dismiss), args=(bench, "offer"))


def best_local(bench: Workbench) -> ModelInfo | None:
    """The largest chat model of Ollama on this machine that fits as it is wanted.

    One whose forecast is not known may be it; `None` when there is none.
    """
    usable = [
        model
        for model in bench.registry.models()
        if model.provider == "ollama" and model.local and CHAT in model.capabilities
    ]
    told = bench.models.forecasts([model.ref for model in usable])
    fitting = [one for one in usable if (found := told[one.ref]) is None or found.fits]
    return max(fitting, key=lambda model: model.size_bytes or 0, default=None)


def _repaired(bench: Workbench) -> None:
    report = bench.store.report
    with st.container(border=True, key="banner"):
        st.markdown("**" + _("The database was damaged and has been repaired.") + "**")
        if report.restored_from is not None:
            st.markdown(_("It is the backup {file}.", file=plain(report.restored_from.name)))
        if report.kept is not None:
            st.markdown(
                _("The damaged files are kept in {folder}.", folder=plain(str(report.kept)))
            )
        _missing(report.missing)
        st.button(_("I have seen it"), on_click=kept(_dismiss), args=(bench, _repair_id(bench)))


def _missing(missing: tuple[str, ...]) -> None:
    if not missing:
        st.markdown(_("Nothing is missing."))
        return
    with st.expander(ngettext("{n} thing is missing", "{n} things are missing", len(missing))):
        for one in missing[:MOST_MISSING]:
            st.markdown("- " + plain(one))
        if len(missing) > MOST_MISSING:
            quiet(_("The whole list lies beside the damaged files."))


def _bring_back(bench: Workbench, room_id: str) -> None:
    def undo() -> None:
        bench.rooms.restore(room_id)
        state().deleted_room = None
        state().go_to = room_id

    def close() -> None:
        state().deleted_room = None

    with st.container(border=True, horizontal=True, vertical_alignment="center", key="banner"):
        st.markdown(_("The room is deleted. It can be brought back for 30 days."), width="stretch")
        st.button(_("Bring it back"), on_click=kept(undo), icon=":material/undo:")
        st.button(_("All right"), on_click=close)


def _repair_id(bench: Workbench) -> str:
    kept_in = bench.store.report.kept
    return f"repair:{kept_in.name if kept_in else None}"


def _dismissed(bench: Workbench, what: str) -> bool:
    return what in bench.preferences.get(DISMISSED, [])


def _dismiss(bench: Workbench, what: str) -> None:
    seen = [one for one in bench.preferences.get(DISMISSED, []) if one != what]
    bench.preferences.set(DISMISSED, [*seen, what])
