"""The form of an agent, in calm groups; what is wrong with a field stands right below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from core.text import N_, _
from pages.ui import agent_widgets as ask
from pages.ui.agent_draft import Draft
from pages.ui.markdown import plain

Field = tuple[str, Callable[[Draft, str], None]]
Row = tuple[Field, ...]

GROUPS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    (
        N_("Who it is"),
        (
            (("name", ask.text),),
            (("description", ask.text),),
            (("gender", ask.text), ("language", ask.language)),
            (("background", partial(ask.area, height=90)),),
        ),
    ),
    (
        N_("Character"),
        (
            (("roles", ask.items),),
            (("personalities", ask.items),),
            (("tones", ask.items),),
            (("body", partial(ask.area, height=200)),),
        ),
    ),
    (
        N_("What it says"),
        (
            (("introduction_en", ask.text),),
            (("introduction_ja", ask.text),),
            (("greetings", ask.area),),
            (("examples", partial(ask.area, height=160)),),
        ),
    ),
    (
        N_("Model and prompt"),
        (
            (("model", ask.model),),
            (("template", ask.template), ("adapter", ask.text)),
            (
                ("temperature", partial(ask.number, most=2.0, step=0.1)),
                ("top_p", partial(ask.number, most=1.0, step=0.05)),
            ),
            (
                ("max_tokens", partial(ask.number, most=131_072, step=64)),
                ("seed", partial(ask.number, most=2**31 - 1, step=1)),
            ),
        ),
    ),
    (
        N_("Memory and abilities"),
        (
            (
                ("memory", ask.memory),
                ("talkativeness", partial(ask.number, most=1.0, step=0.1)),
            ),
            (("skills", ask.items),),
            (("tools", ask.items),),
        ),
    ),
)
OPEN = 2  # so many groups are open from the start


def form(draft: Draft) -> None:
    """All groups; a closed one opens when something in it kept the draft from being saved."""
    for number, (title, rows) in enumerate(GROUPS):
        wrong = any(name in draft.refused for row in rows for name, _draw in row)
        # Only a new expander can be opened from here, so its key says why it is.
        key = draft.key(f"group-{number}-{wrong}")
        with st.expander(_(title), expanded=number < OPEN or wrong, key=key):
            _rows(draft, rows)


def _rows(draft: Draft, rows: Sequence[Row]) -> None:
    for row in rows:
        for place, (name, draw) in zip(st.columns(len(row)), row, strict=True):
            with place:
                draw(draft, name)
                if name in draft.problems:
                    st.markdown(f":small[:red[:material/error: {plain(draft.problems[name])}]]")
