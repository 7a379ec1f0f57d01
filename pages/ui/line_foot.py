"""What can be done with a line at one press: like it or not, and swipe between its answers."""

from __future__ import annotations

import streamlit as st

from core.messages import Kind, Message
from core.text import _
from pages.ui.engine import workbench
from pages.ui.failures import kept
from pages.ui.markdown import plain, quiet
from pages.ui.state import state

UP, DOWN = 1, -1


def draw(line: Message) -> None:
    """Below an agent's words: thumbs, and the way to its other answers."""
    if line.kind is not Kind.AGENT or not line.status.final:
        return
    place = st.container(
        key=f"foot-{line.seq}", horizontal=True, vertical_alignment="center", gap="xxsmall"
    )
    with place:
        _thumb(line, UP, ":material/thumb_up:", _("Good answer"), line.votes.up)
        _thumb(line, DOWN, ":material/thumb_down:", _("Not a good answer"), line.votes.down)
        if line.variants > 1:
            _swipe(line)


def marks(line: Message) -> None:
    """For whom it is, that it is kept at hand, that it was changed."""
    said = []
    if line.to:
        said.append(":material/hearing: " + _("whispered to {names}", names=_names(line)))
    if line.pinned:
        said.append(":material/keep: " + _("pinned"))
    if line.edited_at:
        said.append(":material/edit: " + _("edited"))
    if said:
        quiet(" · ".join(said))


def _names(line: Message) -> str:
    return ", ".join(plain(name) for name in line.to)


def _thumb(line: Message, value: int, icon: str, label: str, count: int) -> None:
    st.button(
        label,  # heard, not seen
        key=f"thumb-{value}-{line.seq}",
        icon=icon,
        type="tertiary",
        help=label,
        on_click=kept(_vote),
        args=(line, value),
    )
    if count:
        st.markdown(f":small[:gray[{count}]]", width="content")


def _swipe(line: Message) -> None:
    for step, icon, label in (
        (-1, ":material/chevron_left:", _("The answer before")),
        (1, ":material/chevron_right:", _("The next answer")),
    ):
        if step > 0:
            st.markdown(f":small[:gray[{line.variant} / {line.variants}]]", width="content")
        number = line.variant + step
        st.button(
            label,  # heard, not seen
            key=f"swipe-{step}-{line.seq}",
            icon=icon,
            type="tertiary",
            help=label,
            disabled=not 1 <= number <= line.variants,
            on_click=kept(_choose),
            args=(line, number),
        )


def _vote(line: Message, value: int) -> None:
    mine = workbench().rooms.editing.votes_of(line.room).get(line.seq)
    workbench().rooms.editing.vote(line.room, line.seq, 0 if mine == value else value)
    state().redraw = True


def _choose(line: Message, number: int) -> None:
    workbench().rooms.editing.choose(line.room, line.seq, number)
    state().redraw = True
