"""The column beside a room: members and what can be done with them, budget, pins, who waits."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.workbench import Workbench
from tests.pages.conftest import OpenScreen, texts

ROOM = "Engawa"


def said(workbench: Workbench, text: str, **given) -> None:
    workbench.rooms.post(ROOM, text, sender="You", **given)
    assert workbench.rooms.wait_idle(ROOM, 10)


def act(option: str, name: str) -> None:
    """What the menu of a member does when `option` is taken from it."""

    def script(option: str, name: str) -> None:
        import streamlit as st

        from pages.ui import members
        from pages.ui.engine import workbench

        st.session_state["taken"] = option
        members._act(workbench(), workbench().rooms.get("Engawa"), name, "taken")

    assert not AppTest.from_function(script, args=(option, name)).run().exception


def test_members_are_muted_and_heard_of_again(screen: OpenScreen, workbench: Workbench) -> None:
    act("mute", "Ren")
    assert [one.name for one in workbench.rooms.get(ROOM).members if one.muted] == ["Ren"]
    assert "muted" in texts(screen("room"))
    act("unmute", "Ren")
    assert "muted" not in texts(screen("room"))


def test_who_left_is_invited_back(screen: OpenScreen, workbench: Workbench) -> None:
    act("leave", "Ren")
    assert workbench.rooms.get(ROOM).agents == ("Mizuho", "Aki")
    assert workbench.rooms.record.former(ROOM) == ["Ren"]
    test = screen("room")
    box = test.selectbox(key="invite-column")
    assert box.options[0] == "Ren, was here"
    box.set_value("Ren").run()
    assert workbench.rooms.get(ROOM).agents == ("Mizuho", "Aki", "Ren")
    assert workbench.rooms.record.former(ROOM) == []
    assert test.selectbox(key="invite-column").value is None


def test_the_word_is_given_from_the_menu(workbench: Workbench) -> None:
    act("word", "Aki")
    assert workbench.rooms.wait_idle(ROOM, 10)
    assert [line.sender for line in workbench.rooms.messages(ROOM)] == ["Aki"]


def test_a_whisper_is_for_those_who_are_chosen(screen: OpenScreen, workbench: Workbench) -> None:
    room = workbench.rooms.get(ROOM).id
    test = screen("room")
    assert "Whisper to" not in texts(test)
    test.session_state["engawa"].whisper_to[room] = ["Ren"]
    test.run()
    assert "Whisper to" in texts(test)
    assert test.chat_input[0].placeholder == "Only Ren will hear it"
    test.chat_input[0].set_value("between us").run()
    assert workbench.rooms.wait_idle(ROOM, 10)
    lines = workbench.rooms.messages(ROOM)
    assert [(line.sender, line.to) for line in lines] == [("You", ("Ren",)), ("Ren", ("You",))]
    test.button(key="no-whisper").click().run()
    assert test.chat_input[0].placeholder.startswith("Write to the room")


def test_a_budget_has_a_bar_for_each_limit(screen: OpenScreen, workbench: Workbench) -> None:
    assert not [one for one in texts(screen("room")).splitlines() if "Budget" in one]
    workbench.rooms.editing.limit(ROOM, {"turns": 2, "joules": 7200})
    said(workbench, "hello")
    test = screen("room")
    bars = [bar.proto.text for bar in test.get("progress")]
    assert ":small[Turns: 2 of 2]" in bars
    assert ":small[Energy: not measured yet]" in bars


def test_a_room_that_waits_says_why_and_goes_on(screen: OpenScreen, workbench: Workbench) -> None:
    workbench.rooms.editing.limit(ROOM, {"turns": 2})
    said(workbench, "hello")
    test = screen("room")
    assert "This room has had its 2 turns." in texts(test).replace("\\", "")
    test.button(key="go-on").click().run()
    assert workbench.rooms.wait_idle(ROOM, 10)
    assert workbench.rooms.messages(ROOM)[-1].sender == "Aki"
    assert not [button for button in screen("room").button if button.key == "go-on"]


def test_pinned_lines_are_at_hand_until_they_are_let_go(
    screen: OpenScreen, workbench: Workbench
) -> None:
    said(workbench, "keep this in mind")
    assert not [one for one in screen("room").button if (one.key or "").startswith("unpin")]
    workbench.rooms.editing.pin(ROOM, 1)
    test = screen("room")
    test.button(key="unpin-column-1").click().run()
    assert workbench.rooms.editing.pins(ROOM) == []


def test_the_model_of_a_reply_leads_to_other_models(
    screen: OpenScreen, workbench: Workbench
) -> None:
    said(workbench, "@Ren hello")
    test = screen("room")
    badge = test.button(key="with-2")
    assert badge.label == "starter"
    badge.click().run()
    assert "starter" in next(box for box in test.selectbox if box.label == "Model").options
