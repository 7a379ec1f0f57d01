"""The frame of all screens: the rooms as pages, the machine below, one banner above."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core.text import _
from pages import agent, agents, hardware, models, room, rooms, settings
from pages.ui import banner, frame, navigation, words
from pages.ui.engine import workbench
from pages.ui.failures import show_kept
from pages.ui.navigation import screen


def main() -> None:
    """One run: navigation, banner, the chosen screen, the card at the edge."""
    bench = workbench()
    frame.begin()
    words.begin(bench)
    by_room = navigation.rooms(room.show)
    pages = _pages(by_room.values())
    home = st.Page(_nothing, title="Engawa", url_path="home", default=True, visibility="hidden")
    editor = screen(agent.show, _("Agent"), "agent", "person_edit", visibility="hidden")
    chosen = st.navigation({**pages, "": [home, editor]}, expanded=True)
    navigation.follow(by_room, [editor, *(page for group in pages.values() for page in group)])
    room_pages = pages[_("Rooms")]
    if chosen is home:
        # Every room keeps an address of its own; "/" leads to the one that was used last.
        st.switch_page(room_pages[0])
    navigation.leave(chosen, room_pages[-1])
    in_room = navigation.is_room(chosen)
    # Where it is seen: a room is looked at from its end. Filled last, since it asks the servers.
    above = (st.bottom if in_room else st).container(key="above")
    if not in_room:  # there the composer shows it
        show_kept()
    chosen.run()
    with above:
        banner.banner(bench)
    frame.sidebar()


def _nothing() -> None:
    """The page at "/" is never drawn."""


def _pages(by_room: Iterable[st.Page]) -> dict[str, list[st.Page]]:
    return {
        _("Rooms"): [*by_room, screen(rooms.show, _("All rooms"), "rooms", "meeting_room")],
        _("Improve"): [screen(agents.show, _("Agents"), "agents", "group")],
        _("Machine"): [
            screen(models.show, _("Models"), "models", "deployed_code"),
            screen(hardware.show, _("Hardware"), "hardware", "memory"),
            screen(settings.show, _("Settings"), "settings", "settings"),
        ],
    }


main()
