"""Agents of other programs sit in a room as long as their connection lasts."""

from __future__ import annotations

import time

import pytest

from core.errors import AgentNotFound, IdempotencyConflict, InvalidInput, NameTaken, SenderIsAgent
from core.messages import Kind, ReplyStatus

ROOM = "Engawa"
HANA = [{"name": "Hana", "capabilities": ["chat"]}]


def test_join_hear_answer_leave(workbench):
    rooms = workbench.rooms
    room = rooms.outside.join(ROOM, HANA, "c1")
    assert [(member.name, member.kind) for member in room.members][-1] == ("Hana", Kind.EXTERNAL)
    with pytest.raises(SenderIsAgent):
        rooms.post(ROOM, "hi", sender="hana")
    rooms.post(ROOM, "@Hana hello", sender="Yuki")
    assert rooms.wait_idle(ROOM, 5)
    assert len(rooms.messages(ROOM)) == 1  # none of this app's agents was asked
    answer = rooms.outside.message(ROOM, "Hana", "Hello Yuki", "c1", reply_to=1, key="r1")
    assert (answer.kind, answer.sender, answer.reply_to) == (Kind.EXTERNAL, "Hana", 1)
    rooms.outside.leave("c1")
    assert all(member.name != "Hana" for member in rooms.get(ROOM).members)


def test_a_streamed_answer_is_one_message(workbench):
    rooms = workbench.rooms
    rooms.outside.join(ROOM, HANA, "c1")
    with rooms.watch(ROOM, cursor=1) as watch:
        for text in ("Hel", "lo ", "all"):
            rooms.outside.delta(ROOM, "Hana", text, "c1")
        rooms.outside.message(ROOM, "Hana", "Hello all", "c1", key="r1")
        types = []
        while not types or types[-1] != "status":
            event = watch.get(5)
            assert event is not None
            types.append(event.type)
    (line,) = rooms.messages(ROOM)
    assert (line.content, line.status) == ("Hello all", ReplyStatus.COMPLETE)
    assert types[0] == "message"
    assert set(types[1:-1]) == {"delta"}


def test_an_answer_is_given_once(workbench):
    outside = workbench.rooms.outside
    outside.join(ROOM, HANA, "c1")
    first = outside.message(ROOM, "Hana", "Hello", "c1", key="r1")
    assert outside.message(ROOM, "Hana", "Hello", "c1", key="r1").id == first.id
    with pytest.raises(IdempotencyConflict):
        outside.message(ROOM, "Hana", "Other", "c1", key="r1")
    outside.leave("c1")
    outside.join(ROOM, HANA, "c2")
    assert outside.message(ROOM, "Hana", "Hello", "c2", key="r1").id == first.id


def test_an_answer_that_is_streamed_again_is_not_stored_again(workbench):
    outside = workbench.rooms.outside
    outside.join(ROOM, HANA, "c1")
    first = outside.message(ROOM, "Hana", "Hello", "c1", key="r1")
    outside.delta(ROOM, "Hana", "Hel", "c1")
    assert outside.message(ROOM, "Hana", "Hello", "c1", key="r1").id == first.id
    statuses = [line.status for line in workbench.rooms.messages(ROOM)]
    assert statuses == [ReplyStatus.COMPLETE, ReplyStatus.STOPPED]


def test_what_was_being_said_when_the_connection_ended_is_partial(workbench):
    rooms = workbench.rooms
    rooms.outside.join(ROOM, HANA, "c1")
    rooms.outside.delta(ROOM, "Hana", "I was about to", "c1")
    rooms.outside.leave("c1")
    (line,) = rooms.messages(ROOM)
    assert (line.content, line.status) == ("I was about to", ReplyStatus.PARTIAL)


def test_nobody_takes_a_seat_or_a_voice_of_another(workbench):
    outside = workbench.rooms.outside
    outside.join(ROOM, HANA, "c1")
    outside.join(ROOM, HANA, "c1")  # the same connection may say so again
    for name in ("hana", "REN"):
        with pytest.raises(NameTaken):
            outside.join(ROOM, [{"name": name}], "c2")
    with pytest.raises(AgentNotFound):
        outside.message(ROOM, "Hana", "stolen", "c2")
    with pytest.raises(AgentNotFound):
        outside.delta(ROOM, "Ren", "stolen", "c1")


@pytest.mark.parametrize(
    "agents",
    [[], [{"name": ""}], [{}], [{"name": "x", "capabilities": "all"}], [{"name": "y"}] * 21],
)
def test_a_bad_join_seats_nobody(workbench, agents):
    with pytest.raises(InvalidInput):
        workbench.rooms.outside.join(ROOM, agents, "c1")
    assert len(workbench.rooms.get(ROOM).members) == 3


@pytest.mark.parametrize("back_s", [0.0, 0.2])
def test_outside_agents_may_come_back_after_a_restart(open_workbench, back_s):
    bench = open_workbench()
    bench.rooms.outside.join(ROOM, HANA, "c1")
    bench.close()
    rooms = open_workbench(rooms={"outside_back_s": back_s}).rooms
    assert all(member.away for member in rooms.get(ROOM).members if member.name == "Hana")
    deadline = time.monotonic() + 10
    while len(rooms.get(ROOM).members) > 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_seat_of_a_lost_connection_waits(workbench):
    rooms = workbench.rooms
    rooms.outside.join(ROOM, HANA, "c1")
    rooms.outside.lost("c1")
    assert [member.away for member in rooms.get(ROOM).members] == [False, False, False, True]
    with pytest.raises(AgentNotFound):
        rooms.outside.message(ROOM, "Hana", "too late", "c1")
    rooms.outside.join(ROOM, HANA, "c2")
    assert not any(member.away for member in rooms.get(ROOM).members)
    with pytest.raises(NameTaken):
        rooms.outside.join(ROOM, HANA, "c3")
