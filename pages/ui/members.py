"""Who sits in a room, and what can be done with each: whisper, give the word, mute, leave."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.messages import Kind
from core.rooms.model import BALLOTS, TURNS, Member, Room
from core.text import N_, _
from core.workbench import Workbench
from pages.ui import people, whisper
from pages.ui.failures import kept
from pages.ui.markdown import plain
from pages.ui.state import state

FACE_PIXELS = 32
ACTIONS = {
    "whisper": N_("Whisper"),
    "word": N_("Give the word"),
    "mute": N_("Mute"),
    "unmute": N_("Let it speak again"),
    "leave": N_("Leave the room"),
}


def draw(bench: Workbench, room: Room, place: str) -> None:
    """The members in the order in which they answer, and a way to invite somebody.

    `place` tells apart where on the page this is drawn.
    """
    for member in room.members:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.image(people.face(member.name), width=FACE_PIXELS, alt="")
            st.markdown(_named(bench, room, member), width="stretch")
            _menu(bench, room, member, place)
    _invite(bench, room, place)


def _named(bench: Workbench, room: Room, member: Member) -> str:
    facts = [_outside(member) or plain(bench.rooms.model_of(room, member.name))]
    if member.muted:
        facts.append(":material/volume_off: " + _("muted"))
    if member.away:
        facts.append(":material/do_not_disturb_on: " + _("away"))
    return f"{people.coloured(member.name)}  \n:small[:gray[{' · '.join(facts)}]]"


def _outside(member: Member) -> str:
    """Of an agent of another program, what it says it can do; "" for our own."""
    if member.kind is Kind.AGENT:
        return ""
    known = {TURNS: _("takes turns"), BALLOTS: _("votes")}
    able = [known.get(word) or plain(word) for word in member.capabilities]
    return _("from outside: {able}", able=", ".join(able)) if able else _("from outside")


def _menu(bench: Workbench, room: Room, member: Member, place: str) -> None:
    key = f"menu-{place}-{member.name}"
    options = ["whisper"]
    if member.takes_turns:
        options += ["word", "unmute" if member.muted else "mute"]
    if member.kind is Kind.AGENT:
        options.append("leave")
    st.menu_button(
        _("More"),
        options,
        key=key,
        type="tertiary",
        icon=":material/more_horiz:",
        format_func=lambda option: _(ACTIONS[option]),
        on_click=kept(partial(_act, bench, room, member.name, key)),
    )


def _act(bench: Workbench, room: Room, name: str, key: str) -> None:
    option = st.session_state[key]
    if option == "whisper":
        whisper.begin(room.id, [name])
    elif option == "word":
        bench.rooms.give_turn(room.id, name)
    elif option == "leave":
        staying = [agent for agent in bench.rooms.get(room.id).agents if agent != name]
        bench.rooms.update(room.id, members=staying)
    else:
        bench.rooms.mute(room.id, name, muted=option == "mute")
    state().redraw = True


def _invite(bench: Workbench, room: Room, place: str) -> None:
    former = bench.rooms.record.former(room.id)
    known = [agent.name for agent in bench.agents.list() if agent.name not in room.agents]
    names = sorted(known, key=lambda name: former.index(name) if name in former else len(former))
    if not names:
        return
    key = f"invite-{place}"
    st.selectbox(
        _("Invite somebody"),
        names,
        index=None,
        key=key,
        placeholder=_("Invite somebody"),
        label_visibility="collapsed",
        format_func=lambda name: _("{name}, was here", name=name) if name in former else name,
        on_change=kept(_join),
        args=(bench, room.id, key),
    )


def _join(bench: Workbench, room_id: str, key: str) -> None:
    name, st.session_state[key] = st.session_state[key], None
    if name is not None:
        bench.rooms.update(room_id, members=[*bench.rooms.get(room_id).agents, name])
        state().redraw = True
