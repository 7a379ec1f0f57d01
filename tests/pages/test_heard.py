"""What the response processor found, on the room's screen; its filters on the Settings screen."""

from __future__ import annotations

import pytest
import streamlit as st

from core.messages import Message
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench
from tests.pages.conftest import OpenScreen, screen, texts

__all__ = ["screen"]


@pytest.fixture
def workbench(open_workbench: OpenWorkbench):
    """A workbench whose model thinks, breaks its tone, and goes on as somebody else."""
    st.cache_resource.clear()
    pieces = [
        "<think>a *secret* thought</think>",
        "Please sit. Yeah, write to a@b.example.\nYou: ok",
    ]
    return open_workbench(ScriptedProvider({"starter": Script(pieces)}))


def reply(workbench) -> Message:
    workbench.rooms.post("Engawa", "@Mizuho hello", sender="You")
    assert workbench.rooms.wait_idle("Engawa", 10)
    return workbench.rooms.messages("Engawa")[-1]


def test_a_reply_shows_what_was_found_in_it(screen: OpenScreen, workbench) -> None:
    assert reply(workbench).content == "Please sit. Yeah, write to a@b.example."
    test = screen("room")
    assert not test.exception
    (thoughts,) = [one for one in test.expander if one.label == "Thoughts"]
    assert not thoughts.proto.expanded
    assert "*secret*" in thoughts.markdown[0].value
    shown = texts(test)
    assert "polite 1/2" in shown
    assert "It began to speak for You" in shown
    assert "Masked" not in shown


def test_filters_are_switched_on_here_and_count_at_once(screen: OpenScreen, workbench) -> None:
    test = screen("settings")
    switches = {one.key: one for one in test.toggle if str(one.key).startswith("filter-")}
    assert {key: one.value for key, one in switches.items()} == {
        "filter-personal_data": False,
        "filter-safety": False,
    }
    switches["filter-personal_data"].set_value(True).run()
    assert workbench.rooms.speech.switched_on() == ("personal_data",)
    assert "〔mail〕" in reply(workbench).content
    room = screen("room")
    assert "Masked: 1 × mail" in texts(room).replace("\\", "")
    screen("settings").toggle(key="filter-personal_data").set_value(False).run()
    assert workbench.rooms.speech.switched_on() == ()


def test_a_broken_rule_file_is_named_with_line_and_field(screen: OpenScreen, workbench) -> None:
    own = workbench.rooms.speech.file.own
    own.write_text(
        "filters:\n  mine:\n    rules:\n    - {name: x, pattern: '('}\n", encoding="utf-8"
    )
    test = screen("settings")
    assert not test.exception
    (error,) = test.error
    assert "line 4" in error.value
    assert "filters.mine.rules" in error.value.replace("\\", "")
    assert len([one for one in test.toggle if str(one.key).startswith("filter-")]) == 2
