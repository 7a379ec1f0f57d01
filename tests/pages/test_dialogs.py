"""The dialogs of a room, and of a line: each does what its button says, and nothing else."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"


@pytest.fixture
def bench(open_workbench: OpenWorkbench) -> Workbench:
    """A room with a question and its answer, and a second model to answer with."""
    other = ScriptedProvider({"ollama:tiny": Script(["from tiny"])}, name="ollama")
    bench = open_workbench(ScriptedProvider(), other)
    bench.rooms.post(ROOM, "@Ren what is this?", sender="You")
    assert bench.rooms.wait_idle(ROOM, 10)
    return bench


def dialog(option: str, seq: int = 0) -> AppTest:
    """A dialog that is open in every run of the page, as long as nothing leads elsewhere."""

    def script(option: str, seq: int) -> None:
        from pages.ui import dialogs, line_dialogs
        from pages.ui.engine import workbench

        room = workbench().rooms.list()[-1].room
        if option == "new":
            dialogs.new_room()
        elif option == "settings":
            dialogs.settings(room)
        elif option == "delete":
            dialogs.delete_line(room.id, seq)
        else:
            line_dialogs.show(option, room.id, seq)

    return AppTest.from_function(script, args=(option, seq)).run()


def press(test: AppTest, label: str) -> AppTest:
    next(one for one in test.button if one.label == label).click().run()
    assert not test.exception
    return test


def field(test: AppTest, label: str):
    boxes = [*test.text_input, *test.multiselect, *test.selectbox]
    return next(one for one in boxes if one.label == label)


def gone_to(test: AppTest) -> str:
    return test.session_state["engawa"].go_to


def test_a_new_room_is_made_and_opened(bench: Workbench) -> None:
    test = dialog("new")
    field(test, "Name").set_value("Tea")
    field(test, "Who is in it").set_value(["Aki", "Ren"])
    press(test, "Create")
    room = bench.rooms.get("Tea")
    assert (room.agents, room.policy, gone_to(test)) == (("Aki", "Ren"), "in_order", room.id)


def test_a_new_room_whose_name_is_taken_is_explained(bench: Workbench) -> None:
    test = dialog("new")
    field(test, "Name").set_value(ROOM)
    press(test, "Create")
    assert test.error
    assert len(bench.rooms.list()) == 1


def test_a_rooms_name_members_and_models_are_changed(bench: Workbench) -> None:
    room = bench.rooms.get(ROOM).id
    test = dialog("settings")
    field(test, "Name").set_value("Porch")
    field(test, "Who is in it").set_value(["Aki", "Ren"])
    test.selectbox(key="model-Ren").set_value("ollama:tiny")
    press(test, "Save")
    found = bench.rooms.get(room)
    assert (found.name, found.agents) == ("Porch", ("Aki", "Ren"))
    assert [one.model for one in found.members] == [None, "ollama:tiny"]
    assert found.policy == "in_order"


def test_how_turns_are_taken_is_changed(bench: Workbench) -> None:
    test = dialog("settings")
    test.selectbox(key="policy").set_value("manual").run()
    press(test, "Save")
    assert bench.rooms.get(ROOM).policy == "manual"


def test_a_room_is_left_before_it_is_deleted(bench: Workbench) -> None:
    test = press(dialog("settings"), "Delete this room")
    room = bench.rooms.get(ROOM)
    assert test.session_state["engawa"].leaving == room.id


@pytest.mark.parametrize(("button", "words"), [("Delete", ""), ("Keep it", "@Ren what is this?")])
def test_a_line_is_deleted_or_kept(bench: Workbench, button: str, words: str) -> None:
    press(dialog("delete", 1), button)
    line = bench.rooms.message(ROOM, 1)
    assert (line.content, line.deleted) == (words, button == "Delete")
    assert not bench.rooms.message(ROOM, 2).deleted


def test_another_model_answers(bench: Workbench) -> None:
    test = dialog("with", 2)
    field(test, "Model").set_value("ollama:tiny")
    press(test, "Answer again")
    assert bench.rooms.wait_idle(ROOM, 10)
    line = bench.rooms.message(ROOM, 2)
    assert (line.content, line.model, line.variants) == ("from tiny", "ollama:tiny", 2)


@pytest.mark.parametrize(("given", "name"), [(" Elsewhere ", "Elsewhere"), ("", "Engawa 2")])
def test_a_branch_is_made_and_opened(bench: Workbench, given: str, name: str) -> None:
    test = dialog("branch", 1)
    field(test, "Name").set_value(given)
    press(test, "Create")
    room = bench.rooms.get(name)
    assert [line.content for line in bench.rooms.messages(room.id)] == ["@Ren what is this?"]
    assert gone_to(test) == room.id


def test_what_goes_wrong_in_a_dialog_is_said_in_it(bench: Workbench) -> None:
    test = dialog("branch", 99)
    assert not test.exception
    assert test.error
