"""The dialogs of rooms. Each asks for few things and does one."""

from __future__ import annotations

import streamlit as st

from core.rooms.model import Room
from core.text import _
from pages.ui import limit_form, transcript, turn_form, words
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.lines import quotation
from pages.ui.markdown import plain, quiet
from pages.ui.state import state

LONGEST_NAME = 80


def new_room() -> None:
    """Ask for a name and who is in it; open the new room."""

    @st.dialog(_("New room"), icon=":material/add:")
    def ask() -> None:
        words.begin(workbench())
        policy = turn_form.policy_choice("in_order", "new-policy")
        with st.form("new-room", border=False):
            name = st.text_input(_("Name"), max_chars=LONGEST_NAME)
            members = _member_choice([], "new-members")
            done = st.form_submit_button(_("Create"), type="primary")
        if done:
            with shown():
                room = workbench().rooms.create(name, members, policy)
                state().go_to = room.id
                st.rerun()

    ask()


def settings(room: Room) -> None:
    """Change a room's name and members, the models they use here, or delete it."""

    @st.dialog(_("Room settings"), icon=":material/tune:")
    def ask() -> None:
        words.begin(workbench())
        policy = turn_form.policy_choice(room.policy, "policy")
        with st.form("room-settings", border=False):
            name = st.text_input(_("Name"), room.name, max_chars=LONGEST_NAME)
            members = _member_choice(list(room.agents), "members")
            options = turn_form.option_choices(room, policy)
            models = _model_choices(room)
            limits = limit_form.limit_choices(room)
            done = st.form_submit_button(_("Save"), type="primary")
        if done:
            with shown():
                _save(room, name, members, models)
                workbench().rooms.set_policy(room.id, policy, options)
                limit_form.save(room, limits)
                st.rerun()
        transcript_button("dialog")
        if st.button(_("Delete this room"), icon=":material/delete:", type="tertiary"):
            state().leaving = room.id  # its page is left first, then it is deleted
            st.rerun()

    ask()


def transcript_button(place: str = "column") -> None:
    """The way to the compact view."""
    st.button(
        _("Transcript"),
        key=f"transcript-{place}",
        icon=":material/subject:",
        type="tertiary",
        on_click=transcript.enter,
        help=_("All lines in a compact view, for reading only."),
    )


def delete_line(room_id: str, seq: int) -> None:
    """Ask before words are erased for good."""

    @st.dialog(_("Delete this line?"), icon=":material/delete:")
    def ask() -> None:
        words.begin(workbench())
        with shown():
            quiet(quotation(workbench().rooms.message(room_id, seq)))
            st.markdown(_("Its words are erased and cannot be brought back."))
            with st.container(horizontal=True):
                if st.button(_("Delete"), type="primary"):
                    workbench().rooms.delete_message(room_id, seq)
                    st.rerun()
                if st.button(_("Keep it")):
                    st.rerun()

    ask()


def _member_choice(chosen: list[str], key: str) -> list[str]:
    agents = workbench().agents.list()
    known = {agent.name: agent for agent in agents}
    options = [*chosen, *(name for name in known if name not in chosen)]
    return st.multiselect(
        _("Who is in it"),
        options,
        default=chosen,
        key=key,
        placeholder=_("Choose agents"),
        help=_("The order is the order in which they answer."),
    )


def _model_choices(room: Room) -> dict[str, str | None]:
    """For each member, the model that it uses in this room; `None` for its own."""
    bench = workbench()
    refs = [model.ref for model in bench.registry.models() if "chat" in model.capabilities]
    own = _("its own model")
    choices: dict[str, str | None] = {}
    with st.expander(_("Models in this room")):
        for member in room.members:
            options = [own, *refs]
            if member.model and member.model not in options:
                options.append(member.model)
            index = options.index(member.model) if member.model else 0
            label = plain(member.name)
            picked = st.selectbox(label, options, index=index, key=f"model-{member.name}")
            choices[member.name] = None if picked == own else picked
    return choices


def _save(room: Room, name: str, members: list[str], models: dict[str, str | None]) -> None:
    rooms = workbench().rooms
    now = {member.name: member.model for member in room.members}
    rooms.update(
        room.id,
        name=name if name != room.name else None,
        members=members if members != list(room.agents) else None,
    )
    for member, model in models.items():
        if member in members and model != now.get(member):
            rooms.set_model(room.id, member, model)
