"""What a model was sent for a reply, on the room's screen."""

from __future__ import annotations

from core.agents import Agent
from core.workbench import Workbench
from tests.pages.conftest import OpenScreen, texts


def test_the_menu_shows_the_prompt_of_a_reply(screen: OpenScreen, workbench: Workbench) -> None:
    workbench.rooms.post("Engawa", "@Ren good evening", sender="You")
    assert workbench.rooms.wait_idle("Engawa", 10)
    test = screen("room")
    test.menu_button(key="menu-2").click("prompt").run()
    assert not test.exception
    sent = workbench.rooms.record.prompt("Engawa", 2).prompt
    assert [code.value for code in test.code] == [message.content for message in sent.messages]
    assert "starter" in texts(test)


def test_a_line_of_a_person_offers_none(screen: OpenScreen, workbench: Workbench) -> None:
    workbench.rooms.post("Engawa", "@Ren good evening", sender="You")
    assert workbench.rooms.wait_idle("Engawa", 10)
    test = screen("room")
    assert "Prompt" not in test.menu_button(key="menu-1").options
    assert "Prompt" in test.menu_button(key="menu-2").options


def test_a_prompt_that_is_gone_is_explained(screen: OpenScreen, workbench: Workbench) -> None:
    workbench.rooms.post("Engawa", "@Ren good evening", sender="You")
    assert workbench.rooms.wait_idle("Engawa", 10)
    test = screen("room")
    workbench.rooms.delete_message("Engawa", 1)
    test.menu_button(key="menu-2").click("prompt").run()
    assert not test.exception
    assert "No prompt is kept" in test.error[0].value


def test_a_greeting_is_the_first_line_of_a_fresh_room(
    screen: OpenScreen, workbench: Workbench
) -> None:
    greeter = Agent("Noa", greetings=("Welcome, {{user}}! I am {{char}}.",), description="Quiet.")
    workbench.agents.save(greeter, revision=None)
    workbench.rooms.create("Hall", ["Noa", "Ren"])
    shown = texts(screen("room", room="Hall")).replace("\\", "")
    assert "Welcome, You! I am Noa." in shown
    assert "Ren. Engineer." in shown
