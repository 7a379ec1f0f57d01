"""What rooms hear and keep of replies that need the processor."""

from __future__ import annotations

from core.messages import Message, ReplyStatus
from core.providers.base import Chunk
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"


def reply(bench: Workbench) -> Message:
    """What Ren answers."""
    bench.rooms.post(ROOM, "@Ren hello", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    return bench.rooms.messages(ROOM)[-1]


def scripted(open_workbench: OpenWorkbench, *pieces: str | Chunk, pause_s: float = 0) -> Workbench:
    return open_workbench(ScriptedProvider({"starter": Script(pieces, pause_s=pause_s)}))


def test_who_speaks_for_others_is_ended(open_workbench: OpenWorkbench) -> None:
    endless = ["Hi.", "\n", "Yu", "ki", ": ", *["and so on "] * 5_000]
    line = reply(scripted(open_workbench, *endless, pause_s=0.01))
    assert (line.content, line.status) == ("Hi.", ReplyStatus.COMPLETE)
    assert line.speech is not None
    assert line.speech["cut"] == {"kind": "speaker", "name": "Yuki"}


def test_who_speaks_for_others_only_has_not_answered(open_workbench: OpenWorkbench) -> None:
    line = reply(scripted(open_workbench, "Yuki: What is a radio?\nRen: A box."))
    assert (line.content, line.status) == ("", ReplyStatus.FAILED)
    assert line.reason is not None
    assert line.reason.code == "answer_empty"
    assert line.speech == {"cut": {"kind": "speaker", "name": "Yuki"}}


def test_thoughts_are_kept_apart_and_erased_with_the_line(open_workbench: OpenWorkbench) -> None:
    bench = scripted(open_workbench, Chunk(reasoning="secretly "), "<think>hm</think>", "Hi")
    line = reply(bench)
    assert (line.content, line.reasoning) == ("Hi", "secretly \n\nhm")
    assert bench.rooms.delete_message(ROOM, line.seq).reasoning is None
    with bench.rooms.watch(ROOM, cursor=0) as watch:
        assert "secretly" not in repr(watch.replay)


def test_listeners_learn_that_it_thinks(open_workbench: OpenWorkbench) -> None:
    bench = scripted(open_workbench, *[Chunk(reasoning="hm ")] * 3, "Hi")
    with bench.rooms.watch(ROOM) as watch:
        reply(bench)
        states = [
            (event.message.status, event.message.reasoning)
            for event in watch.take()
            if event.message is not None and event.message.sender == "Ren"
        ]
    assert states == [
        (ReplyStatus.PENDING, None),
        (ReplyStatus.PENDING, ""),
        (ReplyStatus.COMPLETE, "hm hm hm"),
    ]


def test_thoughts_alone_are_no_answer(open_workbench: OpenWorkbench) -> None:
    line = reply(scripted(open_workbench, "<think>", "and nothing else"))
    assert (line.content, line.status) == ("", ReplyStatus.FAILED)
    assert line.reason is not None
    assert line.reason.code == "answer_empty"
    assert line.reasoning == "and nothing else"


def test_thoughts_are_not_shown_to_the_next_speaker(open_workbench: OpenWorkbench) -> None:
    model = ScriptedProvider({"starter": Script(["<think>secret</think>", "Hello"])})
    bench = open_workbench(model)
    bench.rooms.post(ROOM, "Hi", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert "secret" not in repr(model.asked)
