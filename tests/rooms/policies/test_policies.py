"""Turn policies as tables: a view of a room, and whose turn it is then."""

from __future__ import annotations

from typing import Any

import pytest

from core.messages import Line
from core.rooms.choosing import chosen_in
from core.rooms.policies import POLICIES, policy_of, with_defaults
from core.rooms.policies.base import Ask, Choice, Taken, View
from core.rooms.policies.called import heard_names
from core.rooms.policies.reasons import REASONS, why

MEMBERS = ("Mizuho", "Ren", "Aki")
QUIET = dict.fromkeys((*MEMBERS, "蓮"), 0.0)


def view(policy: str, *asked: str, taken: list[tuple[str, str, str]] | None = None, **more: Any):
    options = with_defaults(policy_of(policy), more.pop("options", None))
    spoken = tuple(Taken(*one) for one in taken or ())
    given = {"members": MEMBERS, "last_speaker": spoken[-1].agent if spoken else None, **more}
    return View(asked=asked, options=options, taken=spoken, seed="a room", **given)


def turns(policy: str, *asked: str, **given: Any) -> list[str]:
    decision = policy_of(policy).next(view(policy, *asked, **given))
    assert not isinstance(decision, Ask)
    return [choice.agent for choice in decision]


def codes(policy: str, *asked: str, **given: Any) -> list[str]:
    decision = policy_of(policy).next(view(policy, *asked, **given))
    assert not isinstance(decision, Ask)
    return [choice.reason.code for choice in decision]


@pytest.mark.parametrize("policy", sorted(POLICIES))
@pytest.mark.parametrize("asked", ["hi", "@Ren hi", "Aki, tell Ren"])
def test_only_those_that_follow_the_speaker_look_who_it_is(policy: str, asked: str) -> None:
    """The others are not told before a round's first turn: finding out takes time."""
    known = policy_of(policy)
    plain, spoken = (
        known.next(view(policy, asked, talkativeness=QUIET, last_speaker=name))
        for name in (None, "Ren")
    )
    if not known.follows_speaker:
        assert plain == spoken


def test_those_that_follow_the_speaker_say_so() -> None:
    assert {name for name in POLICIES if policy_of(name).follows_speaker} == {
        *("named", "selector", "vote"),
    }


@pytest.mark.parametrize(
    ("policy", "asked", "given", "expected"),
    [
        ("in_order", "hi", {}, ["Mizuho", "Ren", "Aki"]),
        ("in_order", "@Aki hi", {}, ["Aki"]),
        ("in_order", "hi", {"taken": [("Mizuho", "answer", "@Ren?")]}, []),
        ("in_order", "@Bot hi", {"outside": ("Bot",)}, []),
        ("named", "@Ren and @Aki", {}, ["Ren", "Aki"]),
        ("named", "hi", {"last_speaker": "Ren"}, ["Ren"]),
        ("named", "hi", {}, ["Mizuho"]),
        ("named", "hi", {"taken": [("Ren", "answer", "@Aki what do you think?")]}, ["Aki"]),
        ("named", "hi", {"taken": [("Ren", "answer", "I, @Ren, know")]}, []),
        ("named", "hi", {"taken": [("Ren", "answer", "nothing to add")]}, []),
        ("natural", "Aki, tell Ren", {"talkativeness": QUIET}, ["Aki", "Ren"]),
        ("natural", "瑞穂さん？", {"members": ("瑞穂", "蓮"), "talkativeness": QUIET}, ["瑞穂"]),
        ("natural", "the children", {"members": ("Ren",), "talkativeness": {"Ren": 0.0}}, ["Ren"]),
        ("natural", "hi", {"taken": [("Ren", "answer", "ask Aki")]}, ["Aki"]),
        ("natural", "hi", {"taken": [("Ren", "answer", "Ren knows")]}, []),
        ("manual", "hi", {}, []),
        ("manual", "@Ren hi", {}, ["Ren"]),
        ("manual", "@Ren hi", {"taken": [("Ren", "answer", "@Aki")]}, []),
        ("moderator", "hi", {}, ["Mizuho"]),
        ("moderator", "hi", {"options": {"moderator": "Aki"}}, ["Aki"]),
        ("moderator", "hi", {"taken": [("Mizuho", "opens", "Aki, then @Ren.")]}, ["Aki", "Ren"]),
        ("moderator", "hi", {"taken": [("Mizuho", "opens", "Well.")]}, ["Ren"]),
        ("moderator", "hi", {"members": ("Ren",)}, ["Ren"]),
        ("debate", "tea or coffee", {}, ["Mizuho"]),
        ("debate", "tea", {"options": {"side_for": ["Aki"], "side_against": ["Ren"]}}, ["Aki"]),
    ],
)  # fmt: skip
def test_whose_turn(policy, asked, given, expected):
    assert turns(policy, asked, **given) == expected


@pytest.mark.parametrize("limit", [1, 2])
def test_the_limit_of_turns_holds(limit):
    given = {"options": {"turns": limit}, "taken": [("Ren", "answer", "@Aki @Mizuho")]}
    assert len(turns("named", "hi", **given)) == limit - 1
    assert len(turns("natural", "Aki Ren Mizuho", options={"turns": limit})) == limit


def test_a_moderator_leads_over_and_sums_up():
    taken = [("Mizuho", "opens", "Ren?"), ("Ren", "guest", "So.")]
    assert codes("moderator", "hi", taken=taken) == ["gives_floor"]
    taken += [("Mizuho", "gives_floor", "And you, Aki?"), ("Aki", "guest", "Yes.")]
    assert codes("moderator", "hi", taken=taken) == ["sums_up"]
    taken += [("Mizuho", "sums_up", "All said, Ren and Aki.")]
    assert codes("moderator", "hi", taken=taken) == []


def test_a_debate_alternates_sides_and_is_judged():
    taken: list[tuple[str, str, str]] = []
    while chosen := policy_of("debate").next(view("debate", "tea", taken=taken)):
        assert not isinstance(chosen, Ask)
        (choice,) = chosen
        assert choice.task
        taken.append((choice.agent, choice.role, "a point"))
    spoken = [(agent, role) for agent, role, _text in taken]
    once = [("Mizuho", "for"), ("Ren", "against")]
    assert spoken == [*once, *once, ("Aki", "judge")]


def test_chance_is_the_same_for_the_same_choice_and_follows_talkativeness():
    weights = {"Mizuho": 0.9, "Ren": 0.1, "Aki": 0.5}
    joined = dict.fromkeys(MEMBERS, 0)
    for number in range(400):
        seen = View(("hi",), MEMBERS, talkativeness=weights, seed=str(number),
                    options=with_defaults(policy_of("natural"), None))  # fmt: skip
        chosen = policy_of("natural").next(seen)
        assert chosen == policy_of("natural").next(seen)
        assert not isinstance(chosen, Ask)
        assert chosen
        for choice in chosen:
            joined[choice.agent] += 1
    assert joined["Mizuho"] > 320
    assert 160 < joined["Aki"] < 250
    assert joined["Ren"] < 80


def test_a_selector_asks_and_is_held_to_the_members():
    talk = (Line(1, "Yuki", "hi"),)
    asked = policy_of("selector").next(view("selector", "hi", transcript=talk, last_speaker="Ren"))
    assert isinstance(asked, Ask)
    (question,) = asked.questions
    assert question.choices == ("Aki", "Mizuho")
    assert "Yuki: hi" in question.text


@pytest.mark.parametrize(
    ("answer", "expected", "code"),
    [
        ("Aki", "Aki", "selected"),
        ("Ren", "Aki", "selector_failed"),  # spoke last
        ("nobody", "Aki", "selector_failed"),  # somebody must answer a person
        (None, "Aki", "selector_failed"),
    ],
)
def test_without_an_answer_of_use_the_next_in_order_speaks(answer, expected, code):
    given = {"last_speaker": "Ren", "answers": {"selector": answer}}
    assert turns("selector", "hi", **given) == [expected]
    assert codes("selector", "hi", **given) == [code]


def test_a_selector_may_end_the_round():
    taken = [("Ren", "answer", "So.")]
    assert turns("selector", "hi", taken=taken, answers={"selector": "nobody"}) == []
    assert turns("selector", "hi", taken=taken, answers={"selector": "Aki"}) == ["Aki"]


def test_votes_are_counted_and_people_vote_too():
    ballots = policy_of("vote").next(view("vote", "hi"))
    assert isinstance(ballots, Ask)
    assert [one.agent for one in ballots.questions] == ["Mizuho", "Ren", "Aki"]
    assert all(one.agent not in one.choices for one in ballots.questions)
    votes = {"Mizuho": "Ren", "Ren": "Aki", "Aki": "Ren"}
    assert turns("vote", "hi", answers=votes) == ["Ren"]
    assert turns("vote", "@Aki hi", answers={**votes, "Aki": "Mizuho"}) == ["Aki"]
    assert codes("vote", "hi", answers=dict.fromkeys(MEMBERS)) == ["vote_failed"]
    assert turns("vote", "hi", last_speaker="Mizuho", answers=dict.fromkeys(MEMBERS)) == ["Ren"]


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_no_view_breaks_a_policy(policy):
    for members in ((), ("Ren",), MEMBERS):
        for taken in ([], [("Gone", "answer", "")], [("Ren", "opens", "@Aki")]):
            for answers in ({}, {"selector": None}, dict.fromkeys(members, "Aki")):
                seen = view(policy, "hi", members=members, taken=taken, answers=answers)
                decision = policy_of(policy).next(seen)
                if not isinstance(decision, Ask):
                    assert all(isinstance(choice, Choice) for choice in decision)
                    assert all(choice.agent in members for choice in decision)
                    assert all(choice.reason.code in REASONS for choice in decision)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ren's idea", ["Ren"]),
        ("the children and Aki.", ["Aki"]),
        ("ren, AKI!", ["Ren", "Aki"]),
        ("", []),
    ],
)
def test_names_are_heard_as_words(text, expected):
    assert heard_names(text, MEMBERS) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('{"next": "Aki"}', "Aki"),
        ('Sure!\n```json\n{"next": "aki"}\n```', "Aki"),
        ("Aki.", "Aki"),
        ("not Aki", None),
        ("Aki or Ren", None),
        ('{"next": "Nobody here"}', None),
        ('{"next": 3}', None),
        ("{broken", None),
        ("", None),
    ],
)
def test_an_answer_counts_only_when_it_is_one_of_the_choices(said, expected):
    assert chosen_in(said, MEMBERS) == expected


def test_a_stored_reason_is_put_into_words():
    assert why({"code": "called_by", "params": {"by": "Ren"}}, "en") == "called by Ren"
    assert why({"code": "of a newer version"}, "en") is None
    assert why(None) is None
