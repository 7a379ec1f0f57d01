"""Subscribers: nothing missed, nothing twice, whenever they come."""

from __future__ import annotations

import json
import threading

import pytest

from core.messages import ReplyStatus, StreamEvent
from core.rooms.frames import frame, frame_text
from core.rooms.log import MAX_WAITING, RoomLog, Watch
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"


def _drain(watch: Watch, until_seq: int) -> list[StreamEvent]:
    events = list(watch.replay)
    while not (
        events
        and events[-1].seq == until_seq
        and events[-1].message
        and events[-1].message.status.final
    ):
        event = watch.get(5)
        assert event is not None, "the room fell silent"
        events.append(event)
    return events


def _text(events: list[StreamEvent], seq: int) -> str:
    """What a subscriber shows for a message, from its frames alone."""
    shown = ""
    for event in events:
        if event.seq != seq:
            continue
        if event.type == "delta":
            assert event.offset == len(shown)
            shown += event.text or ""
        elif event.message is not None:
            shown = event.message.content
    return shown


def test_events_count_without_a_gap_and_deltas_join_to_the_text(workbench):
    with workbench.rooms.watch(ROOM, cursor=0) as watch:
        workbench.rooms.post(ROOM, "Hi", sender="Yuki")
        events = _drain(watch, 4)
    assert [event.event for event in events] == list(range(1, len(events) + 1))
    for seq in (2, 3, 4):
        deltas = [event for event in events if event.type == "delta" and event.seq == seq]
        assert "".join(event.text or "" for event in deltas) == "Hello from the script."


def test_a_late_subscriber_sees_the_unfinished_reply_whole(open_workbench: OpenWorkbench):
    script = Script(["あい", "う", "𠮷野。"] * 40, pause_s=0.01)
    bench = open_workbench(ScriptedProvider({"starter": script}))
    bench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
    with bench.rooms.watch(ROOM, after=0) as early:
        while (event := early.get(5)) and not (event.type == "delta" and event.offset > 20):
            pass
        with bench.rooms.watch(ROOM, after=2) as late:
            assert [event.seq for event in late.replay] == [2]
            assert late.replay[0].message.status is ReplyStatus.PENDING
            events = _drain(late, 2)
    assert _text(events, 2) == bench.rooms.message(ROOM, 2).content == "".join(script.pieces)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_cursor_resumes_after_any_event(workbench, cut):
    workbench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
    workbench.rooms.wait_idle(ROOM, 5)
    workbench.rooms.post(ROOM, "@Aki hi", sender="Yuki")
    workbench.rooms.wait_idle(ROOM, 5)
    whole = workbench.rooms.watch(ROOM, cursor=0).replay
    cut = min(cut, len(whole))
    assert workbench.rooms.watch(ROOM, cursor=cut).replay == whole[cut:]


def test_a_cursor_of_another_life_gets_the_present_state(workbench):
    workbench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
    workbench.rooms.wait_idle(ROOM, 5)
    replay = workbench.rooms.watch(ROOM, cursor=10_000).replay
    assert [event.seq for event in replay] == [1, 2]


def test_events_survive_a_restart_and_go_on_counting(open_workbench: OpenWorkbench):
    bench = open_workbench()
    bench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
    bench.rooms.wait_idle(ROOM, 5)
    before = bench.rooms.watch(ROOM, cursor=0).replay
    bench.close()
    bench = open_workbench()
    bench.rooms.post(ROOM, "@Ren again", sender="Yuki")
    bench.rooms.wait_idle(ROOM, 5)
    after = bench.rooms.watch(ROOM, cursor=0).replay
    assert after[: len(before)] == before
    assert [event.event for event in after] == list(range(1, len(after) + 1))


def test_a_deleted_message_is_a_tombstone_everywhere(workbench):
    workbench.rooms.post(ROOM, "@Ren my secret is plum", sender="Yuki")
    workbench.rooms.wait_idle(ROOM, 5)
    workbench.rooms.delete_message(ROOM, 1)
    assert workbench.rooms.message(ROOM, 1).deleted
    replay = workbench.rooms.watch(ROOM, cursor=0).replay
    assert replay[-1].type == "edit"
    assert "plum" not in json.dumps([frame(event) for event in replay])


def test_events_out_of_order_are_put_in_order():
    log = RoomLog(0)
    watch = log.watch()
    events = [StreamEvent("presence", "r", number, data={}) for number in (1, 2, 3, 4)]
    for number in (3, 1, 0, 2):
        log.publish(events[number])
    assert [event.event for event in watch.take()] == [1, 2, 3, 4]


def test_a_reader_that_never_reads_is_cut_off():
    log = RoomLog(0)
    watch = log.watch()
    for number in range(1, MAX_WAITING + 2):
        log.publish(StreamEvent("presence", "r", number, data={}))
    assert watch.overflowed
    assert watch.closed
    assert watch.take() == []


def test_a_blocked_reader_wakes_when_closed():
    watch = RoomLog(0).watch()
    threading.Timer(0.05, watch.close).start()
    assert watch.get(5) is None


def test_a_frame_says_why_in_the_listeners_language(workbench):
    workbench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
    workbench.rooms.wait_idle(ROOM, 5)
    event = workbench.rooms.watch(ROOM, after=1).replay[0]
    body = json.loads(frame_text(event))
    assert body["type"] == "message"
    assert {"id", "room", "seq", "sender", "kind", "content", "status", "event"} <= set(body)
