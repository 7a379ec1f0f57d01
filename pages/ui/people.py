"""A person on the screen: one face and one colour everywhere, the colour drawn from the name."""

from __future__ import annotations

import time
from base64 import b64encode
from functools import lru_cache
from urllib.parse import quote

import streamlit as st

from core.agents import face as faces
from core.agents.names import name_key
from core.agents.portraits import small
from core.errors import AgentNotFound
from pages.ui.engine import workbench
from pages.ui.markdown import plain

LOOK_AGAIN_S = 2.0  # a new picture is seen after at most this
MOST_KEPT = 1_000

_seen: dict[str, tuple[float, str]] = {}


def face(name: str) -> str:
    """The face as a data address: it is part of the page, nothing is fetched.

    An agent's own picture if it has one, else a face drawn from the name.
    """
    key = name_key(name)
    looked_at, address = _seen.get(key, (float("-inf"), ""))
    if time.monotonic() - looked_at < LOOK_AGAIN_S:
        return address
    address = picture(_picture_of(name)) or drawn(name)
    if len(_seen) >= MOST_KEPT:
        _seen.clear()
    _seen[key] = (time.monotonic(), address)
    return address


def drawn(name: str) -> str:
    """The face that is drawn from the name, as a data address."""
    return _address(faces.face(name))


def picture(data: bytes | None) -> str | None:
    """A picture, made small, as a data address; `None` when it is none."""
    seen = small(data) if data is not None else None
    return f"data:image/webp;base64,{b64encode(seen).decode()}" if seen is not None else None


def look_again() -> None:
    """Somebody has another picture now."""
    _seen.clear()


def colour(name: str) -> str:
    """The person's colour as #RRGGBB, readable on the ground of this tab's theme."""
    return faces.colour(name, dark=is_dark())


def coloured(name: str) -> str:
    """The name in its colour, as Markdown."""
    return f'**:color[{plain(name)}]{{foreground="{colour(name)}"}}**'


def is_dark() -> bool:
    """Whether this tab shows the dark theme; light when it is not known."""
    return st.context.theme.type == "dark"


def _picture_of(name: str) -> bytes | None:
    try:
        return workbench().agents.avatar(name)
    except AgentNotFound:
        return None


@lru_cache(maxsize=512)
def _address(svg: str) -> str:
    return "data:image/svg+xml;utf8," + quote(svg)
