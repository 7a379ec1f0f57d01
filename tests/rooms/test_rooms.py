"""Rooms come, change, go and come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from core.errors import (
    AgentNotFound,
    Conflict,
    InvalidInput,
    MessageEmpty,
    MessageNotFound,
    MessageTooLong,
    ModelNotFound,
    NameTaken,
    RoomNotFound,
)
from core.store import tables as t
from core.store.times import to_text
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"


def test_a_fresh_folder_has_one_room_with_three_characters(workbench):
    (summary,) = workbench.rooms.list()
    assert summary.room.name == ROOM
    assert summary.room.agents == ("Mizuho", "Ren", "Aki")
    assert summary.last_line is None


def test_the_first_room_does_not_come_back_when_it_was_deleted(open_workbench: OpenWorkbench):
    bench = open_workbench()
    bench.rooms.delete(ROOM)
    bench.close()
    assert open_workbench().rooms.list() == []


def test_names_are_found_as_people_write_them(workbench):
    room = workbench.rooms.create("  Café ﾃﾗｽ ", ["ren"])
    assert workbench.rooms.get("café テラス").id == room.id == workbench.rooms.get(room.id).id
    assert room.agents == ("Ren",)
    with pytest.raises(NameTaken):
        workbench.rooms.create("CAFÉ テラス")


def test_members_and_names_change_and_models_stay(workbench):
    workbench.rooms.set_model(ROOM, "Ren", "starter")
    room = workbench.rooms.update(ROOM, name="Porch", members=["Aki", "Ren"])
    assert (room.name, room.agents) == ("Porch", ("Aki", "Ren"))
    assert [member.model for member in room.members] == [None, "starter"]
    with pytest.raises(AgentNotFound):
        workbench.rooms.update("Porch", members=["Nobody"])
    with pytest.raises(ModelNotFound):
        workbench.rooms.set_model("Porch", "Ren", "nonsense:x")


def test_a_deleted_room_comes_back_whole(workbench):
    workbench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
    workbench.rooms.wait_idle(ROOM, 5)
    room = workbench.rooms.get(ROOM)
    workbench.rooms.delete(ROOM)
    with pytest.raises(RoomNotFound):
        workbench.rooms.get(ROOM)
    assert [summary.room.id for summary in workbench.rooms.list(deleted=True)] == [room.id]
    assert workbench.rooms.restore(ROOM).agents == room.agents
    assert len(workbench.rooms.messages(ROOM)) == 2


@pytest.mark.parametrize(("days", "kept"), [(29, True), (31, False)])
def test_a_room_is_gone_for_good_after_thirty_days(open_workbench: OpenWorkbench, days, kept):
    bench = open_workbench()
    bench.rooms.delete(ROOM)
    moment = to_text(datetime.now(UTC) - timedelta(days=days))
    bench.store.write(lambda conn: conn.execute(update(t.rooms).values(deleted_at=moment)))
    bench.close()
    assert bool(open_workbench().rooms.list(deleted=True)) is kept


def test_what_is_deleted_is_not_answered(open_workbench: OpenWorkbench):
    bench = open_workbench(ScriptedProvider({"starter": Script(["a "] * 300, pause_s=0.01)}))
    room = bench.rooms.get(ROOM)
    bench.rooms.post(ROOM, "Hi", sender="Yuki")
    bench.rooms.delete(ROOM)
    assert bench.rooms.wait_idle(bench.rooms.restore(room.id).id, 2)
    assert len(bench.rooms.messages(ROOM)) <= 2


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", MessageEmpty),
        (" \n\t ", MessageEmpty),
        ("x" * 1_000_001, MessageTooLong),
        ("a\x00b", InvalidInput),
        ("\x1b[31mred", InvalidInput),
        ("broken \ud800 pair", InvalidInput),
    ],
)
def test_what_is_no_message_is_refused_and_nothing_stored(workbench, content, error):
    with pytest.raises(error):
        workbench.rooms.post(ROOM, content, sender="Yuki")
    assert workbench.rooms.messages(ROOM) == []


@pytest.mark.parametrize("sender", ["", "  ", "x" * 81, "two\nlines", "nul\x00", "\ud800"])
def test_a_sender_is_a_name(workbench, sender):
    with pytest.raises(InvalidInput):
        workbench.rooms.post(ROOM, "hi", sender=sender)


def test_a_message_answers_one_that_is_there(workbench):
    with pytest.raises(InvalidInput):
        workbench.rooms.post(ROOM, "hi", sender="Yuki", reply_to=7)


def test_pages_of_messages(workbench):
    workbench.rooms.create("quiet")
    for number in range(1, 26):
        workbench.rooms.post("quiet", f"m{number}", sender="Yuki")

    def seqs(**bounds):
        return [line.seq for line in workbench.rooms.messages("quiet", **bounds)]

    assert seqs(limit=5) == [21, 22, 23, 24, 25]
    assert seqs(before=21, limit=3) == [18, 19, 20]
    assert seqs(after=22) == [23, 24, 25]
    assert seqs(after=0, limit=2) == [1, 2]
    with pytest.raises(MessageNotFound):
        workbench.rooms.message("quiet", 26)


def test_a_message_that_is_being_written_cannot_be_deleted(open_workbench: OpenWorkbench):
    bench = open_workbench(ScriptedProvider({"starter": Script(["a "] * 300, pause_s=0.01)}))
    with bench.rooms.watch(ROOM) as watch:
        bench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
        while (event := watch.get(5)) and event.type != "delta":
            pass
    with pytest.raises(Conflict):
        bench.rooms.delete_message(ROOM, 2)


def test_opening_a_room_warms_its_models_once(open_workbench: OpenWorkbench):
    model = ScriptedProvider()
    bench = open_workbench(model)
    bench.rooms.open(ROOM)
    assert model.warmed == ["starter"]
    bench.rooms.set_model(ROOM, "Ren", "starter")
    assert model.warmed == ["starter", "starter"]


def test_old_events_are_dropped_and_a_late_cursor_gets_the_state(open_workbench: OpenWorkbench):
    bench = open_workbench(rooms={"event_window": 100})
    bench.rooms.create("quiet")
    for number in range(250):
        bench.rooms.post("quiet", f"m{number}", sender="Yuki")
    bench.store.write(lambda conn: None)  # what was queued before is done now
    assert bench.rooms.watch("quiet", cursor=240).replay[0].event == 241
    late = bench.rooms.watch("quiet", cursor=5).replay
    assert [event.seq for event in late] == list(range(1, 251))
    assert {event.event for event in late} == {250}
