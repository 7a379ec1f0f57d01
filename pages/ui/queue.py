"""Who speaks next and why, what the room may cost and the last round saved: below its people."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import RoomNotFound
from core.rooms.model import Coming, Presence, RoundFigures
from core.rooms.policies.reasons import why
from core.text import _, ngettext
from pages.ui import meters, people, words
from pages.ui.engine import workbench
from pages.ui.markdown import plain, quiet

STEP_S = 1.0  # how often a room in which somebody speaks is looked at
QUIET_S = 10.0  # and one in which nobody did when the page was drawn


def panel(room_id: str) -> None:
    """Drawn anew once a second while somebody speaks; what is said draws no page by itself."""
    busy = workbench().rooms.presence(room_id) != Presence()
    st.fragment(_panel, run_every=STEP_S if busy else QUIET_S)(room_id)


def _panel(room_id: str) -> None:
    bench = workbench()
    words.begin(bench)
    try:
        now, rounds = bench.rooms.presence(room_id), bench.rooms.record.rounds(room_id, 1)
    except RoomNotFound:
        return
    with st.container(gap="xsmall"):
        meters.draw(room_id)
        if now != Presence():
            quiet(_("Who is next"))
            _now(now)
        for figures in rounds:
            if line := saved(figures):
                quiet(line)


def waits(ahead: int) -> str:
    """That so many turns of others come first."""
    return ngettext(
        "It waits: {n} turn of another room comes first.",
        "It waits: {n} turns of other rooms come first.",
        ahead,
    )


def _now(now: Presence) -> None:
    if now.choosing:
        quiet(_("A model is asked who speaks next."))
    if now.ahead:
        quiet(waits(now.ahead))
    for one in now.coming:
        st.markdown(f"{people.coloured(one.agent)}  \n:small[:gray[{plain(_reason(one))}]]")
    if not now.coming and not now.choosing:
        quiet(_("Nobody is due."))
    elif line := in_one_line(now.coming):
        quiet(line)


def _reason(one: Coming) -> str:
    loads = {True: _("loads a model"), False: _("no load"), None: ""}[one.loads]
    return " · ".join(filter(None, [why(one.why) or "", loads]))


def in_one_line(coming: Sequence[Coming]) -> str:
    """ "Ren, then Aki: same model, no load", as long as they share one that is in memory."""
    if not coming or coming[0].loads is not False:
        return ""
    same = [one for one in coming if one.model == coming[0].model and one.loads is False]
    names = _(", then ").join(plain(one.agent) for one in same)
    return _("{names}: same model, no load", names=names) if len(same) > 1 else ""


def saved(figures: RoundFigures) -> str:
    """What the last round cost and saved; "" when it loaded nothing, or nobody knows."""
    if figures.loads is None or not figures.naive_loads:
        return ""
    given = {"loads": figures.loads, "naive": figures.naive_loads}
    if figures.loads >= figures.naive_loads:
        return _("Last round: {loads} loads, the fewest there could be.", loads=figures.loads)
    if figures.saved_s is None:
        return _("Last round: {loads} loads instead of {naive}.", **given)
    seconds = words.seconds(1000 * figures.saved_s)
    return _(
        "Last round: {loads} loads instead of {naive}, {seconds} saved.", seconds=seconds, **given
    )
