"""Lines that change: edited, answered again, gone on with, swiped, voted on, pinned, branched."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from itertools import product

import pytest

from core.errors import Conflict, InvalidInput, MessageNotFound, NotFound, WorkbenchError
from core.messages import ReplyStatus, Votes
from core.rooms.transfer.writing import document, sharegpt
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"


class Changing(ScriptedProvider):
    """A model that says other words at every call."""

    def stream(self, ref, messages, options, cancel):
        self.scripts = {"starter": Script([f"answer {len(self.asked) + 1}"])}
        yield from super().stream(ref, messages, options, cancel)


@pytest.fixture
def model() -> Changing:
    return Changing()


@pytest.fixture
def bench(open_workbench: OpenWorkbench, model: Changing) -> Workbench:
    bench = open_workbench(model)
    asked(bench, "@Ren what is this?")
    return bench


def asked(bench: Workbench, text: str) -> int:
    seq = bench.rooms.post(ROOM, text, sender="Yuki").seq
    idle(bench)
    return seq


def idle(bench: Workbench) -> None:
    assert bench.rooms.wait_idle(ROOM, 10)


def again(bench: Workbench, seq: int, **given) -> None:
    bench.rooms.editing.regenerate(ROOM, seq, **given)
    idle(bench)


def shown(bench: Workbench, seq: int) -> tuple[str, int, int]:
    line = bench.rooms.message(ROOM, seq)
    return line.content, line.variant, line.variants


def test_an_edit_keeps_what_was_said_before(bench: Workbench) -> None:
    line = bench.rooms.editing.edit(ROOM, 2, "better words", editor="local")
    assert (line.content, line.edited_at is not None) == ("better words", True)
    bench.rooms.editing.edit(ROOM, 2, "best words")
    bench.rooms.editing.edit(ROOM, 2, "best words")
    earlier = [one["content"] for one in bench.rooms.editing.edits(ROOM, 2)]
    assert earlier == ["answer 1", "better words"]
    asked(bench, "@Ren and?")
    assert "best words" in str(bench.rooms.record.prompt(ROOM, 4).prompt.messages)


def test_every_change_is_one_event_without_a_gap(bench: Workbench) -> None:
    before = bench.rooms.get(ROOM).last_event
    with bench.rooms.watch(ROOM) as watch:
        bench.rooms.editing.edit(ROOM, 1, "other words")
        bench.rooms.editing.vote(ROOM, 2, 1)
        bench.rooms.editing.pin(ROOM, 2)
        events = [watch.get(5) for _ in range(3)]
    assert [(one.type, one.event - before) for one in events if one] == [
        ("edit", 1),
        ("edit", 2),
        ("edit", 3),
    ]


def test_another_answer_leaves_the_first_one_to_swipe_back_to(bench: Workbench) -> None:
    again(bench, 2)
    assert shown(bench, 2) == ("answer 2", 2, 2)
    again(bench, 2)
    bench.rooms.editing.choose(ROOM, 2, 1)
    assert shown(bench, 2) == ("answer 1", 1, 3)
    found = [
        (one["number"], one["content"], one["shown"])
        for one in bench.rooms.editing.variants(ROOM, 2)
    ]
    assert found == [(1, "answer 1", True), (2, "answer 2", False), (3, "answer 3", False)]
    with pytest.raises(InvalidInput):
        bench.rooms.editing.choose(ROOM, 2, 4)


def test_another_answer_knows_nothing_of_what_came_after(bench: Workbench, model: Changing) -> None:
    asked(bench, "@Ren the canary comes later")
    again(bench, 2)
    sent = str(bench.rooms.record.prompt(ROOM, 2).prompt.messages)
    assert "what is this?" in sent
    assert "canary" not in sent
    assert "answer 1" not in sent


def test_another_answer_that_had_to_wait_hears_the_room_as_it_is_then(
    bench: Workbench, model: Changing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edited words are heard, deleted ones are not, and an earlier answer is the new one."""
    for text in ("@Ren two", "@Ren three"):
        asked(bench, text)
    hold, real = threading.Event(), model.stream

    def stream(*given):
        hold.wait(10)
        yield from real(*given)

    monkeypatch.setattr(model, "stream", stream)
    for seq in (2, 4, 6):
        bench.rooms.editing.regenerate(ROOM, seq)
    bench.rooms.editing.edit(ROOM, 3, "@Ren two, edited")
    bench.rooms.delete_message(ROOM, 1)
    hold.set()
    idle(bench)
    told = [message.content for message in model.asked[-1][1]]
    assert [*told[1:]] == [
        "answer 4", "Yuki: @Ren two, edited", "answer 5", "Yuki: @Ren three",
    ]  # fmt: skip
    kept = bench.rooms.record.prompt(ROOM, 6).prompt
    assert "what is this" not in "".join(one.content for one in kept.messages)


def test_another_model_answers_when_asked_for(open_workbench: OpenWorkbench) -> None:
    other = ScriptedProvider({"ollama:tiny": Script(["from tiny"])}, name="ollama")
    bench = open_workbench(ScriptedProvider(), other)
    asked(bench, "@Ren hi")
    again(bench, 2, model="ollama:tiny")
    line = bench.rooms.message(ROOM, 2)
    assert (line.content, line.model, line.variants) == ("from tiny", "ollama:tiny", 2)
    with pytest.raises(WorkbenchError):
        again(bench, 2, model="nonsense")
    assert bench.rooms.message(ROOM, 2).variants == 2


@pytest.mark.parametrize(
    ("rest", "whole"),
    [
        ([" a", " time."], "Once upon a time."),
        (["Once", " upon a time."], "Once upon a time."),
        (["Once upon"], "Once upon"),
        (["On", "ly this."], "Once uponOnly this."),
    ],
)
def test_a_broken_reply_goes_on_behind_exactly_what_stands_there(
    open_workbench: OpenWorkbench, rest: list[str], whole: str
) -> None:
    from core.errors import TokenTimeout

    error = TokenTimeout(model="starter", seconds=30)
    model = ScriptedProvider({"starter": Script(["Once ", "upon "], error=error, fail_after=2)})
    bench = open_workbench(model)
    asked(bench, "@Aki a story")
    assert shown(bench, 2)[0] == "Once upon"
    model.scripts = {"starter": Script(rest)}
    with bench.rooms.watch(ROOM) as watch:
        bench.rooms.editing.go_on(ROOM, 2)
        idle(bench)
        deltas = [one for one in watch.take() if one.type == "delta"]
    line = bench.rooms.message(ROOM, 2)
    assert (line.content, line.status, line.variants) == (whole, ReplyStatus.COMPLETE, 1)
    assert "Once upon" + "".join(one.text or "" for one in deltas) == whole
    assert all(one.offset and one.offset >= len("Once upon") for one in deltas)
    assert model.asked[-1][1][-1].role == "assistant"
    with pytest.raises(Conflict):
        bench.rooms.editing.go_on(ROOM, 2)


def held(bench: Workbench, model: ScriptedProvider) -> threading.Event:
    """Nobody gets a word from the model until this is set; somebody speaks already."""
    hold = threading.Event()
    model.scripts = {"starter": Script(["late"], hold=hold)}
    return hold


@pytest.mark.parametrize("shown_before", [1, 2])
def test_a_waiting_answer_that_is_cancelled_leaves_nothing_behind(
    open_workbench: OpenWorkbench, shown_before: int
) -> None:
    model = ScriptedProvider({"starter": Script(["first"])})
    bench = open_workbench(model)
    asked(bench, "@Ren what is this?")
    again(bench, 2)
    bench.rooms.editing.choose(ROOM, 2, shown_before)
    bench.rooms.editing.vote(ROOM, 2, 1)
    before = bench.rooms.message(ROOM, 2)
    hold = held(bench, model)
    bench.rooms.post(ROOM, "@Aki and you?", sender="Yuki")
    until(lambda: bench.rooms.presence(ROOM).seq == 4)
    with bench.rooms.watch(ROOM) as watch:
        waiting = bench.rooms.editing.regenerate(ROOM, 2)
        assert (waiting.status, waiting.variant) == (ReplyStatus.PENDING, 3)
        bench.rooms.stop(ROOM)
        hold.set()
        idle(bench)
        told = [one.message for one in watch.take() if one.message and one.message.seq == 2]
    assert bench.rooms.message(ROOM, 2) == before
    assert told[-1] == before
    assert [one["number"] for one in bench.rooms.editing.variants(ROOM, 2)] == [1, 2]
    model.scripts = {"starter": Script(["another"])}
    again(bench, 2)
    assert shown(bench, 2) == ("another", 3, 3)


def test_an_answer_stopped_before_its_first_word_leaves_nothing_behind(
    open_workbench: OpenWorkbench,
) -> None:
    model = ScriptedProvider({"starter": Script(["first"])})
    bench = open_workbench(model)
    asked(bench, "@Ren what is this?")
    before, hold = bench.rooms.message(ROOM, 2), held(bench, model)
    bench.rooms.editing.regenerate(ROOM, 2)
    until(lambda: len(model.asked) == 2)
    bench.rooms.stop(ROOM)
    hold.set()
    idle(bench)
    assert bench.rooms.message(ROOM, 2) == before
    assert [one["number"] for one in bench.rooms.editing.variants(ROOM, 2)] == [1]


def test_a_reply_that_waits_to_go_on_keeps_its_words_when_stopped(
    open_workbench: OpenWorkbench,
) -> None:
    model = ScriptedProvider({"starter": Script(["Once ", "upon ", "a "], pause_s=0.2)})
    bench = open_workbench(model)
    bench.rooms.post(ROOM, "@Ren a story", sender="Yuki")
    until(lambda: "upon" in bench.rooms.messages(ROOM)[-1].content)
    bench.rooms.stop(ROOM)
    idle(bench)
    begun = bench.rooms.message(ROOM, 2)
    assert begun.status is ReplyStatus.STOPPED
    hold = held(bench, model)
    bench.rooms.post(ROOM, "@Aki and you?", sender="Yuki")
    until(lambda: bench.rooms.presence(ROOM).seq == 4)
    bench.rooms.editing.go_on(ROOM, 2)
    bench.rooms.stop(ROOM)
    hold.set()
    idle(bench)
    line = bench.rooms.message(ROOM, 2)
    assert (line.content, line.status, line.variants) == (begun.content, ReplyStatus.STOPPED, 1)


def test_a_reply_that_the_end_of_the_app_broke_off_goes_on_after_it(
    open_workbench: OpenWorkbench,
) -> None:
    model = ScriptedProvider({"starter": Script(["Once ", "upon ", "a ", "time."], pause_s=0.3)})
    bench = open_workbench(model)
    bench.rooms.post(ROOM, "@Ren a story", sender="Yuki")
    until(lambda: "upon" in bench.rooms.messages(ROOM)[-1].content)
    bench.close()
    bench = open_workbench(ScriptedProvider({"starter": Script([" and", " after."])}))
    begun = bench.rooms.message(ROOM, 2)
    assert (begun.status, begun.reason.code) == (ReplyStatus.PARTIAL, "interrupted")
    bench.rooms.editing.go_on(ROOM, 2)
    idle(bench)
    assert shown(bench, 2) == (f"{begun.content.rstrip()} and after.", 1, 1)
    assert bench.rooms.message(ROOM, 2).status is ReplyStatus.COMPLETE


def test_votes_are_counted_by_user_and_answer(bench: Workbench) -> None:
    editing = bench.rooms.editing
    editing.vote(ROOM, 2, 1)
    editing.vote(ROOM, 2, 1)
    assert editing.vote(ROOM, 2, -1, voter="taro").votes == Votes(1, 1)
    again(bench, 2)
    assert bench.rooms.message(ROOM, 2).votes == Votes()
    assert editing.vote(ROOM, 2, -1).votes == Votes(0, 1)
    assert editing.choose(ROOM, 2, 1).votes == Votes(1, 1)
    assert editing.votes_of(ROOM) == {2: 1}
    assert editing.vote(ROOM, 2, 0).votes == Votes(0, 1)
    with pytest.raises(InvalidInput):
        editing.vote(ROOM, 2, 2)


def test_what_people_thought_can_be_learnt_from(bench: Workbench) -> None:
    editing = bench.rooms.editing
    again(bench, 2)
    editing.vote(ROOM, 2, 1)
    asked(bench, "@Ren more")
    editing.edit(ROOM, 4, "as it should be")
    found = [(one.source, one.chosen, one.rejected) for one in editing.feedback(ROOM)]
    assert found == [
        ("vote", "answer 2", None),
        ("choice", "answer 2", "answer 1"),
        ("edit", "as it should be", "answer 3"),
    ]
    assert all(one.prompt for one in editing.feedback(ROOM))


def test_a_pin_stays_until_it_is_taken_away(bench: Workbench) -> None:
    bench.rooms.editing.pin(ROOM, 2)
    assert [line.seq for line in bench.rooms.editing.pins(ROOM)] == [2]
    bench.rooms.editing.pin(ROOM, 2, pinned=False)
    assert bench.rooms.editing.pins(ROOM) == []


def test_a_deleted_line_leaves_no_answer_behind(bench: Workbench) -> None:
    bench.rooms.editing.edit(ROOM, 2, "secret")
    again(bench, 2)
    bench.rooms.delete_message(ROOM, 2)
    kept = json.dumps(document(bench.store, ROOM))
    assert "secret" not in kept
    assert "answer" not in kept
    with pytest.raises(MessageNotFound):
        bench.rooms.editing.regenerate(ROOM, 2)


def test_only_an_agents_finished_line_is_answered_again(bench: Workbench) -> None:
    with pytest.raises(Conflict):
        bench.rooms.editing.regenerate(ROOM, 1)
    with pytest.raises(MessageNotFound):
        bench.rooms.editing.regenerate(ROOM, 99)


def test_a_branch_has_the_lines_up_to_there_and_goes_its_own_way(bench: Workbench) -> None:
    bench.rooms.post(ROOM, "the canary whispers", sender="Yuki", to=["Ren"])
    idle(bench)
    asked(bench, "@Ren after the branch")
    room = bench.rooms.editing.branch(ROOM, 4)
    assert (room.name, room.last_seq) == ("Engawa 2", 4)
    assert room.origin == {"room": bench.rooms.get(ROOM).id, "name": ROOM, "seq": 4}
    bench.rooms.post(room.id, "@Ren @Aki now here", sender="Yuki")
    assert bench.rooms.wait_idle(room.id, 10)
    heard = [str(bench.rooms.record.prompt(room.id, seq).prompt.messages) for seq in (6, 7)]
    assert ["canary" in one for one in heard] == [True, False]
    assert not any("after the branch" in one for one in heard)
    assert bench.rooms.get(ROOM).last_seq == 6


def test_who_came_after_the_branch_has_not_heard_what_is_in_it(bench: Workbench) -> None:
    bench.rooms.update(ROOM, members=["Ren", "Hoshi"])
    asked(bench, "@Ren later")
    room = bench.rooms.editing.branch(ROOM, 2, "From there")
    bench.rooms.post(room.id, "@Hoshi hello", sender="Yuki")
    assert bench.rooms.wait_idle(room.id, 10)
    assert "what is this?" not in str(bench.rooms.record.prompt(room.id, 4).prompt.messages)


def test_a_room_comes_back_the_same_with_all_that_was_done_to_it(bench: Workbench) -> None:
    editing = bench.rooms.editing
    bench.rooms.post(ROOM, "psst", sender="Yuki", to=["Ren"])
    idle(bench)
    again(bench, 2)
    editing.edit(ROOM, 2, "edited")
    editing.vote(ROOM, 2, 1)
    editing.vote(ROOM, 2, -1, voter="taro")
    editing.pin(ROOM, 1)
    editing.choose(ROOM, 2, 1)
    bench.rooms.mute(ROOM, "Aki")
    bench.rooms.update(ROOM, members=["Mizuho", "Aki", "Ren"])
    bench.rooms.update(ROOM, members=["Mizuho", "Aki"])
    bench.rooms.set_context(ROOM, 2_048)
    bench.rooms.outside.join(ROOM, [{"name": "Hana"}], "c1")
    bench.rooms.outside.message(ROOM, "Hana", "from outside", "c1", to=["Yuki"])
    bench.rooms.outside.leave("c1")
    asked(bench, "@Mizuho hm")
    first = document(bench.store, ROOM)
    bench.rooms.delete(ROOM)
    bench.rooms.take_in(json.loads(json.dumps(first)))
    second = document(bench.store, ROOM)
    assert plain(second) == plain(first)
    spoken = {one["agent"]: str(one) for one in sharegpt(second)}
    assert "psst" in spoken["Ren"]
    assert "psst" not in spoken["Mizuho"]


def plain(found: dict) -> str:
    body = {**found, "exported_at": ""}
    body["room"] = {**body["room"], "id": ""}
    body["messages"] = [{**line, "id": ""} for line in body["messages"]]
    return json.dumps(body, indent=1)


DEEDS = ("stop", "delete", "regenerate", "continue", "model", "delete room")


@pytest.mark.parametrize(("first", "second"), list(product(DEEDS, DEEDS)))
def test_no_two_deeds_in_the_middle_of_a_reply_leave_an_orphan(
    open_workbench: OpenWorkbench, first: str, second: str
) -> None:
    script = Script(["word "] * 40, pause_s=0.005)
    bench = open_workbench(ScriptedProvider({"starter": script}))
    rooms = bench.rooms
    rooms.post(ROOM, "@Ren @Aki talk", sender="Yuki")
    until(lambda: "word" in rooms.messages(ROOM)[-1].content)
    room_id = rooms.get(ROOM).id
    do(bench, first)
    do(bench, second)
    rooms.restore(room_id)
    assert rooms.wait_idle(room_id, 10)
    lines = rooms.messages(room_id)
    assert all(line.status.final and line.again is None for line in lines)
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    for line in lines:
        numbers = [one["number"] for one in rooms.editing.variants(room_id, line.seq)]
        assert numbers == list(range(1, line.variants + 1))
    with bench.store.read() as conn:
        states = {row[0] for row in conn.exec_driver_sql("SELECT DISTINCT state FROM turns")}
    assert states <= {"done", "dropped"}
    assert not [one for one in threading.enumerate() if one.name == f"room-{room_id[-6:]}"]


def do(bench: Workbench, deed: str) -> None:
    rooms = bench.rooms
    ways = {
        "stop": lambda: rooms.stop(ROOM),
        "delete": lambda: rooms.delete_message(ROOM, 2),
        "regenerate": lambda: rooms.editing.regenerate(ROOM, 2),
        "continue": lambda: rooms.editing.go_on(ROOM, 2),
        "model": lambda: rooms.set_model(ROOM, "Ren", "starter"),
        "delete room": lambda: rooms.delete(ROOM),
    }
    with suppress(NotFound, Conflict):  # what cannot be done just now is refused in words
        ways[deed]()
    time.sleep(0.02)


def until(condition, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
