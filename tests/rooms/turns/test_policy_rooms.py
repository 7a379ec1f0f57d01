"""Policies at work in rooms: changed while they run, planned on, and never twice."""

from __future__ import annotations

import threading
import time

import pytest

from core.errors import AgentNotFound, InvalidInput
from core.messages import Kind
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"


def speakers(bench, ref=ROOM):
    return [line.sender for line in bench.rooms.messages(ref) if line.kind is Kind.AGENT]


def reasons(bench, ref=ROOM):
    return [line.turn["code"] for line in bench.rooms.messages(ref) if line.turn]


def test_a_reply_says_why_and_what_it_had_heard(workbench):
    workbench.rooms.post(ROOM, "hi", sender="Yuki")
    assert workbench.rooms.wait_idle(ROOM, 10)
    lines = workbench.rooms.messages(ROOM)
    assert [line.heard_seq for line in lines] == [None, 1, 2, 3]
    assert lines[1].turn == {"policy": "in_order", "code": "in_order", "params": {}}


def test_agents_give_each_other_the_word(open_workbench: OpenWorkbench):
    bench = open_workbench(ScriptedProvider({"starter": Script(["@Aki", " knows"])}))
    bench.rooms.set_policy(ROOM, "named")
    bench.rooms.post(ROOM, "@Ren what is it?", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert speakers(bench) == ["Ren", "Aki"]  # Aki names herself, which gives nobody the word
    assert reasons(bench) == ["called", "called_by"]


def test_a_call_in_the_last_words_of_a_fast_reply_is_heard(open_workbench: OpenWorkbench):
    model = ScriptedProvider({"starter": Script(["I ", "do not know. ", "Ask ", "@Aki"])})
    bench = open_workbench(model, rooms={"flush_ms": 250})  # the last words are stored at its end
    bench.rooms.set_policy(ROOM, "named")
    bench.rooms.post(ROOM, "@Ren what is it?", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert speakers(bench) == ["Ren", "Aki"]


def test_a_policy_changes_while_the_room_runs(open_workbench: OpenWorkbench):
    hold = threading.Event()
    bench = open_workbench(ScriptedProvider({"starter": Script(["@Mizuho"], hold=hold)}))
    bench.rooms.set_policy(ROOM, "manual")
    bench.rooms.post(ROOM, "@Ren go", sender="Yuki")
    _until(lambda: len(bench.rooms.messages(ROOM)) == 2)
    bench.rooms.set_policy(ROOM, "named")
    hold.set()
    assert bench.rooms.wait_idle(ROOM, 10)
    assert speakers(bench) == ["Ren", "Mizuho"]
    assert [line.turn["policy"] for line in bench.rooms.messages(ROOM)[1:]] == ["manual", "named"]


def test_you_give_the_word(workbench):
    workbench.rooms.set_policy(ROOM, "manual")
    workbench.rooms.give_turn(ROOM, "aki")  # before anybody has said a word
    assert workbench.rooms.wait_idle(ROOM, 10)
    workbench.rooms.post(ROOM, "hi", sender="Yuki")
    assert workbench.rooms.wait_idle(ROOM, 10)
    assert speakers(workbench) == ["Aki"]
    workbench.rooms.give_turn(ROOM, "Ren")
    assert workbench.rooms.wait_idle(ROOM, 10)
    workbench.rooms.give_turn(ROOM, "Aki")
    assert workbench.rooms.wait_idle(ROOM, 10)
    lines = workbench.rooms.messages(ROOM)
    assert [(line.sender, line.reply_to) for line in lines] == [
        ("Aki", None), ("Yuki", None), ("Ren", 2), ("Aki", 2),
    ]  # fmt: skip
    with pytest.raises(AgentNotFound):
        workbench.rooms.give_turn(ROOM, "Nobody")


def test_a_model_picks_and_its_failure_stops_nobody(open_workbench: OpenWorkbench):
    picker = ScriptedProvider({"picker:p": Script(['{"next": ', '"Aki"}'])}, name="picker")
    bench = open_workbench(ScriptedProvider(), picker)
    bench.rooms.set_policy(ROOM, "selector", {"model": "picker:p", "turns": 1})
    bench.rooms.post(ROOM, "hi", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    bench.rooms.set_policy(ROOM, options={"model": "picker:gone"})
    bench.rooms.post(ROOM, "and now?", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert speakers(bench) == ["Aki", "Mizuho"]
    assert reasons(bench) == ["selected", "selector_failed"]


def test_members_vote(open_workbench: OpenWorkbench):
    model = ScriptedProvider({"starter": Script(['{"next": "Ren"}'])})
    bench = open_workbench(model)
    bench.rooms.set_policy(ROOM, "vote")
    bench.rooms.post(ROOM, "hi", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert speakers(bench) == ["Ren"]
    assert bench.rooms.messages(ROOM)[-1].turn["params"] == {"votes": 2, "all": 2}


def test_who_votes_is_told_no_more_than_it_heard(open_workbench: OpenWorkbench):
    model = ScriptedProvider({"starter": Script(['{"next": "Ren"}'])})
    bench = open_workbench(model)
    bench.rooms.update(ROOM, members=["Mizuho", "Ren"])
    bench.rooms.set_policy(ROOM, "manual")
    bench.rooms.post(ROOM, "the key lies under the stone", sender="Yuki")
    bench.rooms.update(ROOM, members=["Mizuho", "Ren", "Aki"])
    bench.rooms.set_policy(ROOM, "vote")
    bench.rooms.post(ROOM, "who tells me?", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    ballots = {
        name: text
        for text in (messages[-1].content for _ref, messages in model.asked)
        for name in ("Mizuho", "Ren", "Aki")
        if f"You are {name}. Who" in text
    }
    assert sorted(name for name, text in ballots.items() if "stone" in text) == ["Mizuho", "Ren"]
    assert "who tells me?" in ballots["Aki"]


def test_a_debate_tells_each_side_what_it_is(open_workbench: OpenWorkbench):
    model = ScriptedProvider({"hf:m": Script(["a point"])}, name="hf")
    bench = open_workbench(ScriptedProvider(), model)
    for name in ("Mizuho", "Ren", "Aki"):
        bench.rooms.set_model(ROOM, name, "hf:m")
    bench.rooms.set_policy(ROOM, "debate", {"rounds": 1})
    bench.rooms.post(ROOM, "tea or coffee?", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert speakers(bench) == ["Mizuho", "Ren", "Aki"]
    told = [messages[-1].content for _ref, messages in model.asked]
    assert "argue for it" in told[0]
    assert "argue against it" in told[1]
    assert "You are the judge" in told[2]
    assert [part.name for part in bench.rooms.record.prompt(ROOM, 2).prompt.parts][-1] == "task"


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        ("loudest", None),
        ("named", {"turns": 0}),
        ("named", {"turns": True}),
        ("named", {"volume": 3}),
        ("debate", {"side_for": "Ren"}),
        ("in_order", {"strict": 1}),
    ],
)
def test_what_cannot_be_set_is_refused(workbench, policy, options):
    with pytest.raises(InvalidInput):
        workbench.rooms.set_policy(ROOM, policy, options)
    assert workbench.rooms.get(ROOM).policy == "in_order"


def test_an_open_round_goes_on_after_a_restart(open_workbench: OpenWorkbench):
    bench = open_workbench(ScriptedProvider({"starter": Script(["@Aki "] * 50, pause_s=0.02)}))
    bench.rooms.set_policy(ROOM, "named")
    bench.rooms.post(ROOM, "@Ren go", sender="Yuki")
    _until(lambda: "@Aki" in bench.rooms.messages(ROOM)[-1].content)
    bench.close()
    bench = open_workbench(ScriptedProvider({"starter": Script(["done"])}))
    assert bench.rooms.wait_idle(ROOM, 10)
    assert speakers(bench) == ["Ren", "Aki"]


def _until(condition, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
