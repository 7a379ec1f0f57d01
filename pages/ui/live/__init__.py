"""The running lines of a room, and the strip that says who speaks: the one component.

It opens its own WebSocket to `/ws`, so words appear as they are stored, without a rerun of any
script. A finished line is drawn by the page natively; until that stands, the component shows
it, and in the very frame in which the native one appears its own goes. A line that is said once
more stays in its place: there the component shows its new words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.state import state

_HERE = Path(__file__).parent
_PARTS = (
    *("markdown.js", "hub.js", "scroll.js", "menu.js", "choices.js", "heard.js"),
    *("again.js", "strip.js", "views.js"),
)
Choose = Callable[[str, int], None]


def talk(room: str, data: Mapping[str, Any], choose: Choose) -> bool:
    """The lines that are being said.

    `data` holds `settled`, the last line that is drawn natively, and `next`, the people who
    speak after the line `turn`.

    It reruns the fragment around it when lines are ready to be drawn natively, or drawn ones
    have changed. `choose` is called with what was taken from a line's menu, and its `seq`. True
    when the page must be drawn anew: the room's name, members, or a line have changed.
    """
    key = f"talk-{room}"
    result = _component()(
        key=key,
        data=_bare({"role": "talk", "room": room, "taken": state().taken, **data}),
        on_settled_change=_nothing,
        on_changed_change=_nothing,
        on_chosen_change=lambda: _take(key, choose),
    )
    return result.changed is not None


def _take(key: str, choose: Choose) -> None:
    """In a callback: the fragment may ask for another run before it comes to the component.

    The view tells a choice until it sees it taken, since two requests that meet become one.
    """
    choice = st.session_state[key]["chosen"]
    if choice is None or choice["id"] == state().taken:
        return
    state().taken = str(choice["id"])
    choose(str(choice["option"]), int(choice["seq"]))


def strip(room: str, data: Mapping[str, Any], on_stop: Callable[[], None]) -> None:
    """Who speaks and who is next, Stop, and the way back to the end."""
    _component()(
        key=f"strip-{room}",
        data=_bare({"role": "foot", "room": room, **data}),
        on_stop_change=on_stop,
    )


def again(room: str, seq: int, content: str) -> None:
    """The words of a line that is said once more, in its place; `content` until any come."""
    _component()(
        key=f"again-{room}-{seq}",
        data=_bare({"role": "again", "room": room, "seq": seq, "content": content}),
    )


def _bare(data: dict[str, Any]) -> list[dict[str, Any]]:
    # In a bare mapping Streamlit looks for data frames, and loads pandas for it: half a second.
    return [data]


def _nothing() -> None:
    """A trigger needs a callback to exist; the rerun itself is what is wanted."""


@lru_cache(maxsize=1)
def _component() -> Any:
    return st.components.v2.component(
        "engawa_live",
        html=(_HERE / "live.html").read_text(encoding="utf-8"),
        css=(_HERE / "live.css").read_text(encoding="utf-8"),
        js="\n".join((_HERE / part).read_text(encoding="utf-8") for part in _PARTS),
    )
