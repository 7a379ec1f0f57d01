"""What is asked for in a room: limits, whispers and their answers, dialogs that outlive a round."""

from __future__ import annotations

import threading

import pytest
from streamlit.testing.v1 import AppTest

from core.workbench import Workbench
from testing.scripted_model import Script
from tests.pages.conftest import OpenScreen

ROOM = "Engawa"


def said(workbench: Workbench, text: str, **given) -> None:
    workbench.rooms.post(ROOM, text, sender="You", **given)
    assert workbench.rooms.wait_idle(ROOM, 10)


def dialog(option: str) -> AppTest:
    """A dialog of the room, or of its first line; every run of the page has it open."""

    def script(option: str) -> None:
        from pages.ui import dialogs, line_dialogs
        from pages.ui.engine import workbench

        room = workbench().rooms.get("Engawa")
        if option == "settings":
            dialogs.settings(room)
        else:
            line_dialogs.show(option, room.id, 1)

    return AppTest.from_function(script, args=(option,)).run()


def save(test: AppTest) -> AppTest:
    return next(one for one in test.button if one.label == "Save").click().run()


def limits(workbench: Workbench) -> dict[str, float]:
    return dict(workbench.rooms.editing.budget(ROOM).limits)


def test_limits_are_set_and_changed(workbench: Workbench) -> None:
    test = dialog("settings")
    test.number_input(key="limit-turns").set_value(3)
    test.number_input(key="limit-joules").set_value(2.0)
    assert not save(test).exception
    assert limits(workbench) == {"turns": 3, "joules": 7200}
    test = dialog("settings")
    assert test.number_input(key="limit-turns").value == 3
    assert test.number_input(key="limit-joules").value == 2.0
    test.number_input(key="limit-turns").set_value(4)
    test.number_input(key="limit-tokens").set_value(500)
    save(test)
    assert limits(workbench) == {"turns": 4, "tokens": 500, "joules": 7200}


@pytest.mark.parametrize("number", [1e12, 1e15])
def test_a_limit_that_is_none_is_explained_and_nothing_is_lost(
    workbench: Workbench, number: float
) -> None:
    workbench.rooms.editing.limit(ROOM, {"turns": 7})
    test = dialog("settings")
    test.number_input(key="limit-tokens").set_value(int(number))
    save(test)
    assert not test.exception
    assert "a number above 0" in test.error[0].value.replace("\\", "")
    assert test.number_input(key="limit-tokens").value == number
    assert limits(workbench) == {"turns": 7}


def test_numbers_below_the_least_cannot_be_typed(workbench: Workbench) -> None:
    test = dialog("settings")
    for name in ("turns", "tokens", "seconds"):
        assert test.number_input(key=f"limit-{name}").min == 1
    assert test.number_input(key="limit-joules").min > 0


def test_the_answer_to_a_whisper_is_a_whisper(screen: OpenScreen, workbench: Workbench) -> None:
    said(workbench, "between us", to=["Ren"])
    test = screen("room")
    test.menu_button(key="menu-2").click("reply").run()
    assert test.chat_input[0].placeholder == "Only Ren will hear it"
    test.chat_input[0].set_value("and nobody else").run()
    assert workbench.rooms.wait_idle(ROOM, 10)
    answer, back = workbench.rooms.messages(ROOM)[2:]
    assert (answer.reply_to, answer.to) == (2, ("Ren",))
    assert (back.sender, back.to) == ("Ren", ("You",))


def test_an_answer_to_an_open_line_is_open(screen: OpenScreen, workbench: Workbench) -> None:
    said(workbench, "@Ren for everybody")
    test = screen("room")
    test.menu_button(key="menu-2").click("reply").run()
    assert test.chat_input[0].placeholder.startswith("Write to the room")
    test.chat_input[0].set_value("@Ren thank you").run()
    assert workbench.rooms.wait_idle(ROOM, 10)
    assert [line.to for line in workbench.rooms.messages(ROOM)] == [(), (), (), ()]


def test_a_dialog_outlives_a_round(workbench: Workbench) -> None:
    hold = threading.Event()
    said(workbench, "@Ren the first thing")
    workbench.registry.provider("starter").scripts = {"starter": Script(hold=hold)}
    workbench.rooms.post(ROOM, "@Aki and now?", sender="You")
    test = dialog("edit")
    box = test.text_area(key="edit-1")
    assert box.value == "@Ren the first thing"
    hold.set()
    assert workbench.rooms.wait_idle(ROOM, 10)
    box.set_value("@Ren the first thing, better said")
    save(test)
    assert not test.exception
    assert workbench.rooms.message(ROOM, 1).content == "@Ren the first thing, better said"
    assert [line.seq for line in workbench.rooms.messages(ROOM)] == [1, 2, 3, 4]


def test_a_line_that_was_deleted_behind_its_dialog_stays_so(workbench: Workbench) -> None:
    said(workbench, "@Ren the first thing")
    test = dialog("edit")
    workbench.rooms.delete_message(ROOM, 1)
    test.text_area(key="edit-1").set_value("too late")
    save(test)
    assert not test.exception
    assert workbench.rooms.message(ROOM, 1).content == ""


def test_a_whisper_can_be_for_outside_agents_and_people(
    screen: OpenScreen, workbench: Workbench
) -> None:
    room = workbench.rooms.get(ROOM).id
    workbench.rooms.outside.join(ROOM, [{"name": "Hana", "capabilities": []}], "c1")
    for name in ("Yuki", "You"):
        workbench.rooms.post(ROOM, "@Hana hello", sender=name)
    assert workbench.rooms.wait_idle(ROOM, 10)
    test = screen("room")
    test.session_state["engawa"].whisper_to[room] = ["Ren"]
    test.run()
    row = next(one for one in test.button_group if one.key == f"whisper-to-{room}")
    assert [one.content for one in row.proto.options] == ["Mizuho", "Ren", "Aki", "Hana", "Yuki"]
    row.set_value(["Hana", "Yuki"]).run()
    assert test.chat_input[0].placeholder == "Only Hana, Yuki will hear it"
    test.chat_input[0].set_value("just you").run()
    assert workbench.rooms.wait_idle(ROOM, 10)
    assert workbench.rooms.messages(ROOM)[-1].to == ("Hana", "Yuki")


def test_nobody_is_called_you_before_a_name_is_chosen(
    screen: OpenScreen, workbench: Workbench
) -> None:
    assert "Choose your name" in popovers(screen("room"))
    workbench.preferences.set("user_name", "Hana")
    assert "You are Hana" in popovers(screen("room"))


def popovers(test: AppTest) -> list[str]:
    return [one.proto.popover.label for one in test.get("popover")]
