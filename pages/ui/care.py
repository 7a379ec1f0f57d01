"""How conversations are looked after: the answer cache, quotas, servers that are left alone."""

from __future__ import annotations

import math

import streamlit as st

from core.providers.breaker import Circuit, CircuitState
from core.rooms.care import CACHE_WANTED
from core.rooms.limits.quotas import Spent
from core.text import _, ngettext
from core.workbench import Workbench
from pages.ui import words
from pages.ui.engine import workbench
from pages.ui.failures import kept
from pages.ui.markdown import plain, quiet

OWNER = "local"


def settings(bench: Workbench) -> None:
    """The group on the Settings screen: the cache's switch and counts, what was used today."""
    _cache(bench)
    _quotas(bench)


def quota_note() -> None:
    """Above the composer: which quota is reached, and when it goes on; nothing before that."""
    reached = workbench().rooms.care.quotas.state(OWNER).reached
    if reached is not None:
        told = f"{plain(reached.message())} {plain(reached.hint())}"
        quiet(f":orange[:material/hourglass_empty:] {told}")


def circuits() -> None:
    """On the Models screen: a line for each server that is not asked just now."""
    for state in workbench().registry.circuits():
        if state.circuit is not Circuit.CLOSED:
            st.warning(_circuit(state), icon=":material/electrical_services:")


def _circuit(state: CircuitState) -> str:
    name = plain(f"{state.server.name} ({state.server.host})" if state.server.host else "")
    name = name or plain(state.server.name)
    if state.circuit is Circuit.HALF_OPEN:
        return _("{server} failed too often: the next answer tries it again.", server=name)
    seconds = max(1, math.ceil(state.retry_in_s or 0))
    return _(
        "{server} failed too often and is left alone; it is tried again in {seconds} s.",
        server=name,
        seconds=seconds,
    )


def _cache(bench: Workbench) -> None:
    st.subheader(_("Answer cache"), anchor=False)
    counts = bench.rooms.care.cache.counts()
    st.toggle(
        _("Give the same answer again to exactly the same prompt"),
        counts.enabled,
        key="answer-cache",
        on_change=kept(
            lambda: bench.preferences.set(CACHE_WANTED, bool(st.session_state["answer-cache"]))
        ),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        held = ngettext("{n} answer is kept", "{n} answers are kept", counts.rows)
        used = ngettext("given again {n} time", "given again {n} times", counts.hits)
        quiet(f"{held} · {words.size(counts.total_bytes)} · {used}" if counts.rows else held)
        st.button(
            _("Clear the cache"),
            key="clear-cache",
            disabled=not counts.rows,
            on_click=kept(bench.rooms.care.cache.clear),
        )


def _quotas(bench: Workbench) -> None:
    st.subheader(_("What you have used"), anchor=False)
    quota = bench.rooms.care.quotas.state(OWNER)
    _bar(_("Messages within the last minute"), quota.requests)
    _bar(_("Tokens of replies today (UTC)"), quota.tokens)
    if quota.reached is not None:
        quiet(f"{plain(quota.reached.message())} {plain(quota.reached.hint())}")


def _bar(name: str, spent: Spent) -> None:
    if spent.limit is None:
        st.markdown(f"{name}: {spent.used:,}  \n:small[:gray[{_('no limit')}]]")
        return
    share = min(1.0, spent.used / spent.limit)
    st.progress(share, text=f"{name}: {spent.used:,} / {spent.limit:,}")
