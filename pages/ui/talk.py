"""The conversation of a room: finished lines drawn natively, running ones by the live view."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

import streamlit as st

from core.agents import Agent
from core.agents.talk import greeting_of
from core.errors import RoomNotFound
from core.messages import Kind, Message, ReplyStatus
from core.rooms.model import Room
from core.text import _
from core.workbench import Workbench
from pages.ui import heard, lines, live, people, whisper, words
from pages.ui.engine import workbench
from pages.ui.failures import kept
from pages.ui.markdown import plain, safe
from pages.ui.own_name import own_name
from pages.ui.state import state

PAGE = 50
MOST = 1_000
MOST_RECENT = 40


def conversation(room: Room) -> None:
    """All that was said, from the first line that this tab has asked for.

    What was there when the tab came is drawn by the page's own run, later lines by a fragment:
    a new line costs nothing for the lines above it.
    """
    state().redraw = False  # this run draws everything
    drawn = settled(_history(room))
    boundary = _boundary(room, drawn[-1].seq if drawn else 0)
    # Keys hold everything in its place: it keeps its nodes when something above changes.
    with st.container(key="above-lines"):
        if not drawn and room.last_seq == 0:
            _welcome(room)
        if drawn and drawn[0].seq > 1:
            _older(room.id, drawn[0].seq)
    with st.container(key="lines", gap="xsmall"):
        _draw(room.id, [line for line in drawn if line.seq <= boundary])
    _recent(room.id, boundary, not drawn)


@st.fragment
def _recent(room_id: str, boundary: int, began_empty: bool) -> None:
    """The lines after `boundary`, below them those that are being said."""
    bench = workbench()
    words.begin(bench)
    tab = state()
    try:
        room = bench.rooms.get(room_id)
    except RoomNotFound:
        st.rerun()  # somebody has deleted it: the frame says so
    drawn = settled(bench.rooms.messages(room_id, after=boundary, limit=MOST))
    if tab.redraw or len(drawn) > MOST_RECENT or (began_empty and drawn):
        tab.redraw = False
        st.rerun()  # the page draws what is above, too
    with st.container(key="recent-lines", gap="xsmall"):
        _draw(room_id, drawn)
    last = drawn[-1].seq if drawn else boundary
    if live.talk(room_id, _live_data(bench, room, last), _chosen(room_id)):
        st.rerun()


def _boundary(room: Room, last: int) -> int:
    """The last line that the page itself draws; it moves seldom, since lines then move with it."""
    kept_at = state().boundary.get(room.id)
    if kept_at is None or last - kept_at > MOST_RECENT:
        state().boundary[room.id] = last
    return state().boundary[room.id]


def post(room_id: str, content: str) -> None:
    """Say something as the user; the reply mark of the draft is used up.

    Raises:
        WorkbenchError: it was not accepted; the draft keeps its mark.
    """
    tab = state()
    answered = tab.reply_to.get(room_id)
    workbench().rooms.post(
        room_id,
        content,
        sender=user_name(),
        key=secrets.token_urlsafe(12),
        reply_to=answered,
        to=tab.whisper_to.get(room_id, ()),
    )
    tab.reply_to.pop(room_id, None)


def user_name() -> str:
    """The name under which the user writes in this tab."""
    return own_name()


def settled(history: Sequence[Message]) -> list[Message]:
    """The lines before the first one that is still being said."""
    for position, line in enumerate(history):
        if line.status is ReplyStatus.PENDING and not line.again:
            return list(history[:position])
    return list(history)


def _first(room: Room) -> int:
    tab = state()
    latest = max(1, room.last_seq - PAGE + 1)
    if room.last_seq - tab.first_seq.get(room.id, latest) >= MOST:
        tab.first_seq[room.id] = latest  # a tab that was open for a thousand lines
    return tab.first_seq.setdefault(room.id, latest)


def _history(room: Room) -> list[Message]:
    return workbench().rooms.messages(room.id, after=_first(room) - 1, limit=MOST)


def _draw(room_id: str, drawn: Sequence[Message]) -> None:
    by_seq = {line.seq: line for line in drawn}
    choices = lines.Choices(room_id, _chosen(room_id))
    for line in drawn:
        lines.draw(line, choices, _answered(line, by_seq))


def _answered(line: Message, by_seq: Mapping[int, Message]) -> Message | None:
    # Agents answer what stands right above them: saying so under each would be noise.
    if line.reply_to is None or line.kind is not Kind.HUMAN:
        return None
    return by_seq.get(line.reply_to) or workbench().rooms.message(line.room, line.reply_to)


def _chosen(room_id: str) -> lines.Choose:
    def act(option: str, seq: int) -> None:
        tab = state()
        tab.redraw = True
        if option == "reply":
            tab.reply_to[room_id] = seq
            _among_the_same(workbench().rooms.message(room_id, seq))
        elif option == "delete":
            tab.deleting = (room_id, seq)
        elif option == "prompt":
            tab.asking_prompt = (room_id, seq)
        elif option in ("edit", "with", "branch"):
            tab.changing = (option, room_id, seq)
        else:
            kept(_change)(room_id, option, seq)

    return act


def _among_the_same(line: Message) -> None:
    """Who answers a whisper whispers."""
    others = [name for name in (line.sender, *line.to) if name != user_name()]
    if line.to and others:
        whisper.begin(line.room, others)


def _change(room_id: str, option: str, seq: int) -> None:
    editing = workbench().rooms.editing
    if option == "again":
        editing.regenerate(room_id, seq)
    elif option == "continue":
        editing.go_on(room_id, seq)
    elif option == "pin":
        editing.pin(room_id, seq, pinned=not workbench().rooms.message(room_id, seq).pinned)


def _older(room_id: str, first: int) -> None:
    def load() -> None:
        state().first_seq[room_id] = max(1, first - PAGE)

    with st.container(horizontal=True, horizontal_alignment="center"):
        st.button(
            _("Show older lines"),
            key="older",
            icon=":material/expand_less:",
            type="tertiary",
            on_click=load,
        )


def _welcome(room: Room) -> None:
    """Nobody has spoken yet: the members greet or introduce themselves, and openers wait."""
    for agent in _agents(room):
        message = st.chat_message(agent.name, avatar=people.face(agent.name))
        with message, st.container(gap="xxsmall"):
            st.markdown(people.coloured(agent.name))
            first = greeting_of(agent, user_name()) or agent.introduce(words.language())
            st.markdown(safe(first), width=lines.TEXT_WIDTH)
    if not room.members:
        st.info(_("Nobody is in this room yet. Invite somebody with “Room settings”."))
        return
    with st.container(horizontal=True, gap="small"):
        for number, opener in enumerate(_openers()):
            st.button(
                opener,
                key=f"opener-{number}",
                on_click=kept(post),
                args=(room.id, opener),
            )


def _openers() -> tuple[str, ...]:
    return (
        _("Hello! Who are you?"),
        _("What can I do here?"),
        _("Tell me a joke, please."),
    )


def _agents(room: Room) -> list[Agent]:
    known = {agent.name: agent for agent in workbench().agents.list()}
    return [known[name] for name in room.agents if name in known]


def _live_data(bench: Workbench, room: Room, last: int) -> dict[str, object]:
    user = user_name()
    presence = bench.rooms.presence(room.id)
    names = [user, *(member.name for member in room.members)]
    return {
        "settled": last,
        "turn": presence.seq or 0,
        "next": list(presence.next),
        "user": user,
        "faces": {name: people.face(name) for name in names},
        "stranger": people.face(plain("?")),
        "words": {
            "seconds": _("{value} s"),
            "speed": _("{n} tokens/s"),
            "stopped": _("Stopped by you."),
            "partial": _("It broke off here."),
            "failed": _("No answer came."),
            **heard.live_words(),
            "deleted": _("A line was deleted here."),
            "more": _("More"),
            "options": lines.options(),
        },
        "colours": {name: people.colour(name) for name in names},
    }
