"""Below an agent's words: what can be pressed has a name that is heard, in the user's language."""

from __future__ import annotations

import pytest

from core.messages import Votes
from core.workbench import Workbench
from tests.pages.conftest import OpenScreen, texts

ROOM = "Engawa"


@pytest.fixture
def answered(workbench: Workbench) -> Workbench:
    workbench.rooms.post(ROOM, "@Ren what is this?", sender="Yuki")
    assert workbench.rooms.wait_idle(ROOM, 10)
    workbench.rooms.editing.regenerate(ROOM, 2)
    assert workbench.rooms.wait_idle(ROOM, 10)
    return workbench


@pytest.mark.parametrize(
    ("language", "up", "down"),
    [("en", "Good answer", "Not a good answer"), ("ja", "よい答え", "よくない答え")],
)
def test_thumbs_have_names(
    answered: Workbench, screen: OpenScreen, language: str, up: str, down: str
) -> None:
    """A button that shows a sign alone is read out by the sign's own name, "thumb_up icon"."""
    answered.preferences.set("language", language)
    room = screen("room")
    assert (room.button(key="thumb-1-2").label, room.button(key="thumb--1-2").label) == (up, down)
    assert [one.key for one in room.button if not one.label.strip()] == []


def test_a_thumb_is_counted_beside_it_and_taken_back(
    answered: Workbench, screen: OpenScreen
) -> None:
    room = screen("room")
    assert ":small[:gray[1]]" not in texts(room)
    room.button(key="thumb-1-2").click().run()
    assert answered.rooms.message(ROOM, 2).votes == Votes(1, 0)
    assert ":small[:gray[1]]" in texts(room)
    room.button(key="thumb--1-2").click().run()
    assert answered.rooms.message(ROOM, 2).votes == Votes(0, 1)
    room.button(key="thumb--1-2").click().run()
    assert answered.rooms.message(ROOM, 2).votes == Votes()
    assert ":small[:gray[1]]" not in texts(room)
