"""A person on the screen: one face and one colour everywhere, both drawn from the name."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

import streamlit as st

from core.agents import face as faces
from pages.ui.markdown import plain


def face(name: str) -> str:
    """The face as a data address: it is part of the page, nothing is fetched."""
    return _address(faces.face(name))


def colour(name: str) -> str:
    """The person's colour as #RRGGBB, readable on the ground of this tab's theme."""
    return faces.colour(name, dark=is_dark())


def coloured(name: str) -> str:
    """The name in its colour, as Markdown."""
    return f'**:color[{plain(name)}]{{foreground="{colour(name)}"}}**'


def is_dark() -> bool:
    """Whether this tab shows the dark theme; light when it is not known."""
    return st.context.theme.type == "dark"


@lru_cache(maxsize=512)
def _address(svg: str) -> str:
    return "data:image/svg+xml;utf8," + quote(svg)
