"""The screen of a room of 10,000 messages opens as fast as that of an empty one."""

from __future__ import annotations

from core.workbench import Workbench
from testing.long_room import MEMBERS, long_room
from testing.timing import medians_ms
from tests.pages.conftest import OpenScreen

LINES = 10_000
DRAWN = 50
RATIO, SLACK_MS = 3, 50  # generous: the machine may be busy


def test_a_long_room_opens_as_fast_as_an_empty_one(
    screen: OpenScreen, workbench: Workbench
) -> None:
    workbench.rooms.create("empty", MEMBERS)
    long_room(workbench.rooms, "long", LINES)
    assert len(screen("room", room="long").chat_message) == DRAWN
    empty, long = medians_ms(
        lambda: screen("room", room="empty"), lambda: screen("room", room="long")
    )
    assert long <= RATIO * empty + SLACK_MS
