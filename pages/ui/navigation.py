"""The pages of the app: every room has one with an address of its own, every screen another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from urllib.parse import urlsplit

import streamlit as st

from core.errors import RoomNotFound
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.markdown import plain
from pages.ui.state import state

RECENT = 7
ROOM_PATH = "room-"
ROOM_ICON = ":material/chair:"


def screen(
    show: Callable[[], None], title: str, path: str, icon: str, visibility: str = "visible"
) -> st.Page:
    """The page of a screen; `icon` is the name of a Material symbol."""
    symbol = f":material/{icon}:"
    return st.Page(show, title=title, url_path=path, icon=symbol, visibility=visibility)


def rooms(show: Callable[[str], None]) -> dict[str, st.Page]:
    """Room id to page: those used last, and hidden ones for all that this tab has asked for."""
    recent = [summary.room for summary in workbench().rooms.list()[:RECENT]]
    pages = {one.id: _room(show, one.id, one.name) for one in recent}
    for asked in _asked():
        try:
            found = workbench().rooms.get(asked)
            pages.setdefault(found.id, _room(show, found.id, found.name, visibility="hidden"))
        except RoomNotFound:  # its page says so, in this tab's language
            missing = partial(show, asked)
            path = ROOM_PATH + asked
            pages[asked] = st.Page(missing, title="Engawa", url_path=path, visibility="hidden")
    return pages


def is_room(page: st.Page) -> bool:
    return page.url_path.startswith(ROOM_PATH)


def follow(by_room: Mapping[str, st.Page], screens: Iterable[st.Page]) -> None:
    """Go where a button of the last run wanted to."""
    tab = state()
    go_to, tab.go_to = tab.go_to, None
    if go_to in by_room:
        st.switch_page(by_room[go_to])
    wanted, tab.screen = tab.screen, None
    if wanted is not None:
        path, query = wanted
        found = next(page for page in screens if page.url_path == path)
        st.switch_page(found, query_params=query)


def leave(chosen: st.Page, elsewhere: st.Page) -> None:
    """Delete the room that is to go, first from another page: nothing of it may still be drawn."""
    room_id = state().leaving
    if room_id is None:
        return
    if chosen.url_path == ROOM_PATH + room_id:
        st.switch_page(elsewhere)
    state().leaving = None
    with shown():
        workbench().rooms.delete(room_id)
        state().deleted_room = room_id
        st.rerun()


def _room(
    show: Callable[[str], None], room_id: str, name: str, visibility: str = "visible"
) -> st.Page:
    return st.Page(
        partial(show, room_id),
        title=plain(name),
        url_path=ROOM_PATH + room_id,
        icon=ROOM_ICON,
        visibility=visibility,
    )


def _asked() -> list[str]:
    """Rooms that are wanted: by address, by a button, or because this tab was there lately."""
    tab = state()
    path = urlsplit(st.context.url or "").path.rsplit("/", 1)[-1]
    if path.startswith(ROOM_PATH):
        tab.visit(path.removeprefix(ROOM_PATH))
    if tab.go_to:
        tab.visit(tab.go_to)
    return tab.visited
