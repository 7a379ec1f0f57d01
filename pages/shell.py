"""The frame of all screens: the rooms as pages, the machine below, one banner above."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import streamlit as st

from core.errors import RoomNotFound
from core.rooms.model import Room
from core.text import _
from pages import agent, agents, hardware, models, room, rooms, settings
from pages.ui import banner, frame, words
from pages.ui.engine import workbench
from pages.ui.failures import show_kept, shown
from pages.ui.markdown import plain
from pages.ui.state import state

RECENT = 7
ROOM_PATH = "room-"
ROOM_ICON = ":material/chair:"


def main() -> None:
    """One run: navigation, banner, the chosen screen, the card at the edge."""
    bench = workbench()
    frame.begin()
    words.begin(bench)
    pages, by_room = _pages()
    home = st.Page(_nothing, title="Engawa", url_path="home", default=True, visibility="hidden")
    editor = _page(agent.show, _("Agent"), "agent", "person_edit", visibility="hidden")
    chosen = st.navigation({**pages, "": [home, editor]}, expanded=True)
    all_rooms = pages[_("Rooms")][-1]
    go_to, state().go_to = state().go_to, None
    if go_to in by_room:
        st.switch_page(by_room[go_to])
    screen, state().screen = state().screen, None
    if screen is not None:
        path, query = screen
        found = (one for group in (*pages.values(), [editor]) for one in group)
        st.switch_page(next(one for one in found if one.url_path == path), query_params=query)
    if chosen is home:
        # Every room keeps an address of its own; "/" leads to the one that was used last.
        st.switch_page(pages[_("Rooms")][0])
    if state().leaving is not None:
        _delete(str(state().leaving), chosen, all_rooms)
    in_room = chosen.url_path.startswith(ROOM_PATH)
    # Where it is seen: a room is looked at from its end. Filled last, since it asks the servers.
    above = (st.bottom if in_room else st).container(key="above")
    if not in_room:  # there the composer shows it
        show_kept()
    chosen.run()
    with above:
        banner.banner(bench)
    frame.sidebar()


def _delete(room_id: str, chosen: st.Page, elsewhere: st.Page) -> None:
    """First to another page: nothing of the room may still be drawn when it goes."""
    if chosen.url_path == ROOM_PATH + room_id:
        st.switch_page(elsewhere)
    state().leaving = None
    with shown():
        workbench().rooms.delete(room_id)
        state().deleted_room = room_id
        st.rerun()


def _nothing() -> None:
    """The page at "/" is never drawn."""


def _pages() -> tuple[dict[str, list[st.Page]], dict[str, st.Page]]:
    recent = [summary.room for summary in workbench().rooms.list()[:RECENT]]
    by_room = {one.id: _room_page(one) for one in recent}
    for asked in _asked():
        try:
            found = workbench().rooms.get(asked)
            by_room.setdefault(found.id, _room_page(found, visibility="hidden"))
        except RoomNotFound:  # its page says so, in this tab's language
            by_room[asked] = _missing_page(asked)
    screens = {
        _("Rooms"): [
            *by_room.values(),
            _page(rooms.show, _("All rooms"), "rooms", "meeting_room"),
        ],
        _("Improve"): [_page(agents.show, _("Agents"), "agents", "group")],
        _("Machine"): [
            _page(models.show, _("Models"), "models", "deployed_code"),
            _page(hardware.show, _("Hardware"), "hardware", "memory"),
            _page(settings.show, _("Settings"), "settings", "settings"),
        ],
    }
    return screens, by_room


def _page(
    show: Callable[[], None], title: str, path: str, icon: str, visibility: str = "visible"
) -> st.Page:
    icon = f":material/{icon}:"
    return st.Page(show, title=title, url_path=path, icon=icon, visibility=visibility)


def _room_page(one: Room, visibility: str = "visible") -> st.Page:
    show = partial(room.show, one.id)
    path = ROOM_PATH + one.id
    return st.Page(
        show, title=plain(one.name), url_path=path, icon=ROOM_ICON, visibility=visibility
    )


def _missing_page(ref: str) -> st.Page:
    show = partial(room.show, ref)
    return st.Page(show, title="Engawa", url_path=ROOM_PATH + ref, visibility="hidden")


def _asked() -> list[str]:
    """Rooms that are wanted: by address, by a button, or because this tab was there lately."""
    tab = state()
    path = urlsplit(st.context.url or "").path.rsplit("/", 1)[-1]
    if path.startswith(ROOM_PATH):
        tab.visit(path.removeprefix(ROOM_PATH))
    if tab.go_to:
        tab.visit(tab.go_to)
    return tab.visited


main()
