"""Every screen alone and through the shell: it draws, in both languages, and does what it says."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import DiskFull
from core.messages import Message
from core.workbench import Workbench
from tests.pages.conftest import OpenScreen, texts

SCREENS = ("room", "rooms", "agents", "agent", "models", "hardware", "settings")


def said(workbench: Workbench, text: str = "Good evening") -> list[Message]:
    """One round in the first room; all its lines."""
    workbench.rooms.post("Engawa", text, sender="You")
    assert workbench.rooms.wait_idle("Engawa", 10)
    return workbench.rooms.messages("Engawa")


@pytest.mark.parametrize("name", [*SCREENS, "shell"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_screen_draws(
    screen: OpenScreen, workbench: Workbench, name: str, language: str
) -> None:
    workbench.preferences.set("language", language)
    said(workbench)
    test = screen(name)
    assert not test.exception
    assert test.title


def test_the_first_visit_shows_who_is_there(screen: OpenScreen) -> None:
    test = screen("room")
    assert "veranda" in texts(test)
    assert [name for name in ("Mizuho", "Ren", "Aki") if name in texts(test)]
    openers = [button for button in test.button if button.key and button.key.startswith("opener")]
    assert len(openers) == 3


def test_an_opener_is_a_first_message(screen: OpenScreen, workbench: Workbench) -> None:
    test = screen("room")
    test.button(key="opener-0").click().run()
    assert workbench.rooms.wait_idle("Engawa", 10)
    lines = workbench.rooms.messages("Engawa")
    assert [line.sender for line in lines] == ["You", "Mizuho", "Ren", "Aki"]


def test_the_composer_posts_once(screen: OpenScreen, workbench: Workbench) -> None:
    test = screen("room")
    test.chat_input[0].set_value("@Ren hello").run()
    test.run()
    assert workbench.rooms.wait_idle("Engawa", 10)
    lines = workbench.rooms.messages("Engawa")
    assert [(line.sender, line.seq) for line in lines] == [("You", 1), ("Ren", 2)]


def test_finished_lines_are_drawn_with_their_facts(
    screen: OpenScreen, workbench: Workbench
) -> None:
    said(workbench)
    test = screen("room")
    assert len(test.chat_message) == 4
    assert "Good evening" in texts(test)
    assert "starter" in texts(test)
    assert "tokens/s" in texts(test)


def test_a_refused_message_is_explained_and_kept(screen: OpenScreen, workbench: Workbench) -> None:
    workbench.preferences.set("user_name", "Ren")  # the name of an agent of this room
    test = screen("room")
    test.chat_input[0].set_value("a long thought").run()
    assert "speaks for itself" in test.error[0].value
    assert workbench.rooms.messages("Engawa") == []


def test_an_unknown_room_is_explained(screen: OpenScreen) -> None:
    test = screen("room", room="nowhere")
    assert "nowhere" in test.error[0].value
    assert not test.exception


def test_a_deleted_room_comes_back(screen: OpenScreen, workbench: Workbench) -> None:
    room = workbench.rooms.get("Engawa")
    workbench.rooms.delete(room.id)
    test = screen("rooms")
    test.button(key=f"restore-{room.id}").click().run()
    assert workbench.rooms.get("Engawa").id == room.id


def test_language_is_chosen_at_once_and_kept(screen: OpenScreen, workbench: Workbench) -> None:
    test = screen("settings")
    assert test.title[0].value == "Settings"
    test.radio(key="language").set_value("ja").run()
    assert workbench.preferences.get("language") == "ja"
    assert test.title[0].value == "設定"
    test.radio(key="language").set_value("").run()
    assert workbench.preferences.get("language") is None


def test_the_users_name_is_kept(screen: OpenScreen, workbench: Workbench) -> None:
    test = screen("settings")
    test.text_input(key="user-name").input("  Hana  Sato ").run()
    assert workbench.preferences.get("user_name") == "Hana Sato"
    room = screen("room")
    room.chat_input[0].set_value("hello").run()
    assert workbench.rooms.message("Engawa", 1).sender == "Hana Sato"


def test_a_full_disk_is_said_above_everything(
    screen: OpenScreen, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = DiskFull(folder="/data")
    monkeypatch.setattr(type(workbench.store), "problem", property(lambda _store: problem))
    test = screen("shell")
    assert "full" in test.error[0].value


def test_older_lines_come_on_demand(screen: OpenScreen, workbench: Workbench) -> None:
    workbench.rooms.create("Long")
    for number in range(120):
        workbench.rooms.post("Long", f"line {number}", sender="You")
    test = screen("room", room="Long")
    assert len(test.chat_message) == 50
    test.button(key="older").click().run()
    assert len(test.chat_message) == 100
    test.button(key="older").click().run()
    assert len(test.chat_message) == 120
    assert not [button for button in test.button if button.key == "older"]


def test_the_transcript_is_read_only(screen: OpenScreen, workbench: Workbench) -> None:
    said(workbench)
    test: AppTest = screen("room", view="transcript")
    assert not test.exception
    assert not test.chat_input
