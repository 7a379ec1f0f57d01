"""Turn policies choose agents of other programs like any member, and go on without those silent."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from core.errors import InvalidInput, OutsideAway, OutsidePassed, OutsideSilent
from core.messages import Kind, Message, ReplyStatus
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Tea"
PATIENCE_S = 0.4
BALLOT_S = 1.5


class Guest:
    """A program that has brought one agent; `turns` are those that it was offered."""

    def __init__(self, bench: Workbench, name: str, *capabilities: str, **given: Any) -> None:
        self.rooms, self.name = bench.rooms, name
        self.connection = f"of {name}"
        self.turns: queue.Queue[Mapping[str, Any]] = queue.Queue()
        agents = [{"name": name, "capabilities": list(capabilities or ("turns", "ballots"))}]
        self.rooms.outside.join(ROOM, agents, self.connection, tell=self.turns.put, **given)

    def turn(self) -> Mapping[str, Any]:
        return self.turns.get(timeout=10)

    def answer(self, text: str, **given: Any) -> Message:
        return self.rooms.outside.message(ROOM, self.name, text, self.connection, **given)

    def vote(self, ballot: Mapping[str, Any], choice: str | None) -> None:
        self.rooms.outside.vote(ROOM, self.name, ballot["ballot"], choice, self.connection)

    def always(self, text: str) -> None:
        """Answer every turn with this, in a thread of its own."""

        def work() -> None:
            while frame := self.turns.get():
                if frame["type"] == "turn":
                    self.answer(text, reply_to=frame["reply_to"])
                else:
                    self.vote(frame, None)

        threading.Thread(target=work, daemon=True).start()


@pytest.fixture
def bench(open_workbench: OpenWorkbench) -> Workbench:
    model = ScriptedProvider({"starter": Script(["I see."])})
    found = open_workbench(model, rooms={"outside_turn_s": PATIENCE_S})
    found.rooms.create(ROOM, ["Mizuho", "Ren"])
    return found


def say(bench: Workbench, text: str, *to: str) -> int:
    return bench.rooms.post(ROOM, text, sender="Yuki", to=to).seq


def replies(bench: Workbench, after: int) -> list[Message]:
    assert bench.rooms.wait_idle(ROOM, 10)
    return bench.rooms.messages(ROOM, after=after)


def test_a_guest_speaks_when_it_is_its_turn(bench: Workbench) -> None:
    hana = Guest(bench, "Hana")
    asked = say(bench, "hello")
    turn = hana.turn()
    assert (turn["type"], turn["agent"], turn["reply_to"]) == ("turn", "Hana", asked)
    assert turn["deadline_s"] == PATIENCE_S
    assert bench.rooms.presence(ROOM).speaking == "Hana"
    bench.rooms.outside.delta(ROOM, "Hana", "good ", hana.connection)
    told = hana.answer("good evening", reply_to=asked, key="k")
    assert (told.seq, told.status) == (turn["seq"], ReplyStatus.COMPLETE)
    said = replies(bench, asked)
    assert [one.sender for one in said] == ["Mizuho", "Ren", "Hana"]
    assert (said[-1].content, said[-1].kind) == ("good evening", Kind.EXTERNAL)
    assert said[-1].turn is not None
    assert said[-1].turn["code"] == "in_order"
    assert hana.answer("good evening", reply_to=asked, key="k").id == told.id
    assert hana.turns.empty()


def _silent(_guest: Guest) -> None:
    pass


def _passes(guest: Guest) -> None:
    guest.turn()
    guest.rooms.outside.decline(ROOM, guest.name, guest.connection)


def _leaves(guest: Guest) -> None:
    guest.turn()
    guest.rooms.outside.leave(guest.connection)


def _breaks(guest: Guest) -> None:
    guest.turn()
    guest.rooms.outside.lost(guest.connection)


@pytest.mark.parametrize(
    ("does", "code"),
    [
        (_silent, OutsideSilent.code),
        (_passes, OutsidePassed.code),
        (_leaves, OutsideAway.code),
        (_breaks, OutsideAway.code),
    ],
)
def test_the_talk_goes_on_without_who_does_not_answer(
    bench: Workbench, does: Callable[[Guest], None], code: str
) -> None:
    hana = Guest(bench, "Hana")
    bench.rooms.set_policy(ROOM, "debate", {"rounds": 1, "side_for": ["Hana"], "judge": "Ren"})
    asked = say(bench, "tea or coffee?")
    does(hana)
    said = replies(bench, asked)
    failed = said[0]
    assert (failed.sender, failed.status, failed.content) == ("Hana", ReplyStatus.FAILED, "")
    assert failed.reason is not None
    assert failed.reason.code == code
    assert [one.sender for one in said[1:]][-1] == "Ren"


def test_who_stops_in_mid_sentence_is_partial(bench: Workbench) -> None:
    hana = Guest(bench, "Hana")
    asked = say(bench, "@Hana hello")
    hana.turn()
    bench.rooms.outside.delta(ROOM, "Hana", "I was about", hana.connection)
    (said,) = replies(bench, asked)
    assert (said.content, said.status) == ("I was about", ReplyStatus.PARTIAL)


def test_who_is_away_is_left_out_until_it_is_back(bench: Workbench) -> None:
    hana = Guest(bench, "Hana", heartbeat_s=0.1)
    deadline = time.monotonic() + 10
    while not bench.rooms.get(ROOM).members[-1].away:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    asked = say(bench, "hello")
    assert [one.sender for one in replies(bench, asked)] == ["Mizuho", "Ren"]
    called = say(bench, "@Hana hello?")
    (said,) = replies(bench, called)
    assert said.reason is not None
    assert (said.sender, said.reason.code) == ("Hana", OutsideAway.code)
    hana.always("here I am")
    while said.content != "here I am":  # on a busy machine it may be away again at once
        assert time.monotonic() < deadline
        hana.rooms.outside.heard_of(hana.connection)
        (said,) = replies(bench, say(bench, "@Hana and now?"))


def test_stop_ends_the_turn_of_a_guest(bench: Workbench) -> None:
    hana = Guest(bench, "Hana")
    asked = say(bench, "@Hana hello")
    hana.turn()
    bench.rooms.stop(ROOM)
    (said,) = replies(bench, asked)
    assert said.status is ReplyStatus.STOPPED


def test_a_whisper_to_a_guest_is_its_turn_and_stays_one(bench: Workbench) -> None:
    hana = Guest(bench, "Hana")
    asked = say(bench, "psst", "Hana")
    turn = hana.turn()
    hana.answer("psst yourself", reply_to=turn["reply_to"])
    (said,) = replies(bench, asked)
    assert (said.content, said.to) == ("psst yourself", ("Yuki",))


@pytest.mark.parametrize(
    "policy", ["in_order", "named", "natural", "selector", "moderator", "vote", "debate", "manual"]
)
@pytest.mark.parametrize("alone", [True, False])
def test_every_policy_can_choose_guests(bench: Workbench, policy: str, alone: bool) -> None:
    if alone:
        bench.rooms.update(ROOM, members=[])
    for name in ("Hana", "Botan"):
        Guest(bench, name).always(f"{name} answers")
    bench.rooms.set_policy(ROOM, policy)
    asked = say(bench, "@Hana and @Botan, what do you think?")
    if policy == "manual":
        bench.rooms.give_turn(ROOM, "hana")
    said = replies(bench, asked)
    assert "Hana answers" in [one.content for one in said]
    assert all(one.status is ReplyStatus.COMPLETE for one in said)


def test_who_does_not_take_turns_answers_by_itself(bench: Workbench) -> None:
    crow = Guest(bench, "Crow", "riddles")
    asked = say(bench, "hello")
    assert [one.sender for one in replies(bench, asked)] == ["Mizuho", "Ren"]
    called = say(bench, "@Crow hello")
    assert replies(bench, called) == []
    assert crow.turns.empty()
    assert crow.answer("What has keys?", reply_to=called).reply_to == called


@pytest.fixture
def voting(open_workbench: OpenWorkbench) -> Workbench:
    """With a room that votes, whose own models elect nobody."""
    model = ScriptedProvider({"starter": Script(["I see."])})
    found = open_workbench(model, rooms={"outside_turn_s": BALLOT_S})
    found.rooms.create(ROOM, ["Mizuho", "Ren"], "vote")
    return found


def elected(bench: Workbench, asked: int) -> tuple[str, dict[str, Any]]:
    (said,) = replies(bench, asked)
    assert said.turn is not None
    return said.sender, said.turn


def test_a_guest_votes(voting: Workbench) -> None:
    hana = Guest(voting, "Hana")
    asked = say(voting, "who knows?")
    ballot = hana.turn()
    assert (ballot["type"], ballot["agent"]) == ("ballot", "Hana")
    assert ballot["choices"] == ["Mizuho", "Ren"]  # not itself
    assert ballot["deadline_s"] == BALLOT_S
    hana.vote(ballot, "ren")
    speaker, turn = elected(voting, asked)
    assert speaker == "Ren"
    assert (turn["code"], turn["params"]) == ("voted", {"votes": 1, "all": 1})


def _abstains(guest: Guest) -> None:
    guest.vote(guest.turn(), None)


@pytest.mark.parametrize("does", [_silent, _abstains, _leaves, _breaks])
def test_who_does_not_vote_abstains(voting: Workbench, does: Callable[[Guest], None]) -> None:
    hana, botan = Guest(voting, "Hana"), Guest(voting, "Botan")
    asked = say(voting, "who knows?")
    botan.vote(botan.turn(), "Ren")
    does(hana)
    speaker, turn = elected(voting, asked)
    assert (speaker, turn["params"]) == ("Ren", {"votes": 1, "all": 1})


@pytest.fixture
def patient(open_workbench: OpenWorkbench) -> Workbench:
    """With a room that votes and would wait a minute for each vote."""
    bench = open_workbench(ScriptedProvider(), rooms={"outside_turn_s": 60.0})
    bench.rooms.create(ROOM, ["Mizuho", "Ren"], "vote")
    return bench


def test_who_cannot_vote_is_not_asked_and_not_waited_for(patient: Workbench) -> None:
    hana, botan = Guest(patient, "Hana", "turns"), Guest(patient, "Botan", "turns", "ballots")
    asked = say(patient, "who knows?")
    botan.vote(botan.turn(), "Hana")
    turn = hana.turn()
    assert (turn["type"], turn["why"]) == ("turn", "voted")  # it can be elected all the same
    hana.answer("I do", reply_to=asked)
    assert elected(patient, asked)[0] == "Hana"


def test_a_room_where_nobody_can_vote_goes_on(patient: Workbench) -> None:
    patient.rooms.update(ROOM, members=[])
    hana, botan = Guest(patient, "Hana", "turns"), Guest(patient, "Botan", "turns")
    asked = say(patient, "@Botan who knows?")
    assert botan.turn()["type"] == "turn"
    botan.answer("I do", reply_to=asked)
    assert hana.turns.empty()
    speaker, turn = elected(patient, asked)
    assert (speaker, turn["params"]) == ("Botan", {"votes": 1, "all": 1})


def test_whoever_only_votes_is_no_member_of_the_vote(patient: Workbench) -> None:
    crow = Guest(patient, "Crow", "ballots")
    asked = say(patient, "who knows?")
    assert elected(patient, asked)[1]["code"] == "vote_failed"
    assert crow.turns.empty()


def test_what_is_no_vote(voting: Workbench) -> None:
    hana = Guest(voting, "Hana")
    asked = say(voting, "who knows?")
    ballot = hana.turn()
    for choice in ("Nobody", "Hana"):
        with pytest.raises(InvalidInput):
            hana.vote(ballot, choice)
    hana.vote({"ballot": "of another day"}, "Mizuho")
    hana.vote(ballot, "Ren")
    hana.vote(ballot, "Mizuho")  # once is all
    assert elected(voting, asked)[0] == "Ren"


def test_stop_ends_a_vote(voting: Workbench) -> None:
    hana = Guest(voting, "Hana")
    asked = say(voting, "who knows?")
    hana.turn()
    voting.rooms.stop(ROOM)
    assert replies(voting, asked) == []


@pytest.mark.parametrize("does", [_leaves, _breaks])
def test_a_vote_does_not_wait_for_who_goes(
    patient: Workbench, does: Callable[[Guest], None]
) -> None:
    hana = Guest(patient, "Hana")
    asked = say(patient, "who knows?")
    does(hana)
    assert elected(patient, asked)[1]["code"] == "vote_failed"
