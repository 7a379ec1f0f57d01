"""Whom an outside agent has to answer."""

from __future__ import annotations

from typing import Any

import pytest

from core.client.notes import MOST_ANSWERS_TO_AGENTS, Asked, Ballot, Notes

MEMBERS = ("Ren", "Haru", "瑞穂", "Mizuho")


def body(seq: int, sender: str, content: str, **given: Any) -> dict[str, Any]:
    kinds = {"Haru": "external", "瑞穂": "external", "Ren": "agent", "Mizuho": "agent"}
    return {
        "type": "message",
        "event": seq,
        "id": f"m{seq}",
        "room": "r",
        "seq": seq,
        "sender": sender,
        "kind": kinds.get(sender, "human"),
        "content": content,
        "status": "complete",
        "created_at": "2026-11-21T04:00:00+00:00",
        "reply_to": None,
        **given,
    }


def begun(*past: dict[str, Any], agents: tuple[str, ...] = ("Haru",)) -> Notes:
    notes = Notes(agents)
    members = [{"name": name} for name in MEMBERS]
    notes.begin(
        {"members": members, "last_seq": len(past), "last_event": len(past)},
        dict.fromkeys(agents, past),
    )
    return notes


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        (body(1, "Yuki", "hello"), True),
        (body(1, "Yuki", "@Haru hello"), True),
        (body(1, "Yuki", "@haruhello"), True),
        (body(1, "Yuki", "@Ren and @Haru"), True),
        (body(1, "Yuki", "@Ren hello"), False),
        (body(1, "Yuki", "@瑞穂さん、どう?"), False),
        (body(1, "Yuki", "@nobody hello"), True),
        (body(1, "Ren", "hello"), False),
        (body(1, "Ren", "what do you say, @Haru?"), True),
        (body(1, "瑞穂", "@Haru?"), True),
        (body(1, "瑞穂", "hello"), False),
        (body(1, "Haru", "I am @Haru"), False),
        (body(1, "System", "@Haru", kind="system"), False),
        (body(1, "Yuki", "", deleted=True), False),
        (body(1, "Ren", "@Haru", status="pending"), False),
        (body(1, "Ren", "@Haru", status="partial"), True),
    ],
)
def test_who_is_answered(line: dict[str, Any], answers: bool) -> None:
    notes = begun()
    notes.hear(line)
    assert notes.due("Haru") == (Asked(1) if answers else None)


def test_what_was_said_before_the_first_visit_rests() -> None:
    notes = begun(body(1, "Yuki", "hello"), body(2, "Ren", "hi"))
    assert notes.due("Haru") is None
    notes.hear(body(3, "Yuki", "again"))
    assert notes.due("Haru") == Asked(3)


def test_one_who_was_here_goes_on_behind_the_last_answer() -> None:
    past = (body(1, "Yuki", "a"), body(2, "Haru", "A", reply_to=1), body(3, "Yuki", "b"))
    assert begun(*past).due("Haru") == Asked(3)
    assert begun(*past, body(4, "Haru", "B", reply_to=3)).due("Haru") is None


def test_one_answer_for_all_that_waits() -> None:
    notes = begun()
    for seq in (1, 2, 3):
        notes.hear(body(seq, "Yuki", "x"))
    assert notes.due("Haru") == Asked(3)
    notes.hear(body(4, "Haru", "", status="pending", reply_to=3))
    assert notes.due("Haru") is None
    assert not notes.finished("Haru", Asked(3))
    notes.hear(body(4, "Haru", "yes", status="complete", reply_to=3))
    assert notes.finished("Haru", Asked(3))


@pytest.mark.parametrize("status", ["complete", "partial", "stopped", "failed"])
def test_an_answer_counts_however_it_ended(status: str) -> None:
    notes = begun()
    notes.hear(body(1, "Yuki", "x"))
    notes.hear(body(2, "Haru", "so f", status=status, reply_to=1))
    assert notes.due("Haru") is None


def test_a_namesake_inside_is_somebody_else() -> None:
    notes = begun()
    notes.hear(body(1, "Yuki", "x"))
    notes.hear(body(2, "Haru", "I live here", kind="agent", reply_to=1))
    assert notes.due("Haru") == Asked(1)


def test_agents_that_call_each_other_come_to_rest() -> None:
    notes = begun(agents=("Haru", "瑞穂"))
    notes.hear(body(1, "Yuki", "@Haru ask 瑞穂"))
    seq, talks = 1, 0
    while True:
        due = [(name, notes.due(name)) for name in ("Haru", "瑞穂")]
        asked = [(name, one.seq) for name, one in due if one is not None]
        if not asked:
            break
        name, number = asked[0]
        seq, talks = seq + 1, talks + 1
        other = "瑞穂" if name == "Haru" else "Haru"
        notes.hear(body(seq, name, f"@{other} and you?", reply_to=number))
        assert talks < 20
    assert talks <= 2 * MOST_ANSWERS_TO_AGENTS + 1
    notes.hear(body(seq + 1, "Yuki", "@瑞穂 go on"))
    assert notes.due("瑞穂") == Asked(seq + 1)


def test_presence_names_the_members() -> None:
    notes = begun()
    notes.hear({"type": "presence", "event": 1, "members": ["Haru", "Sora"]})
    notes.hear(body(2, "Yuki", "@Sora?"))
    assert notes.due("Haru") is None
    assert notes.last_event == 2


def test_history_is_what_was_said_in_full() -> None:
    notes = begun()
    for seq in range(1, 6):
        notes.hear(body(seq, "Yuki", f"line {seq}"))
    notes.hear(body(3, "Yuki", "", deleted=True))
    notes.hear(body(6, "Ren", "so f", status="pending"))
    assert [line.content for line in notes.history("Haru", 3)] == [
        "line 2",
        "line 4",
        "line 5",
    ]


def test_a_long_room_does_not_fill_the_memory() -> None:
    notes = begun()
    for seq in range(1, 3_001):
        notes.hear(body(seq, "Yuki", "x"))
    assert len(notes.history("Haru", 10_000)) == 1_000
    assert notes.due("Haru") == Asked(3_000)


def test_a_whisper_is_for_its_hearer_alone() -> None:
    notes = begun(agents=("Haru", "瑞穂"))
    notes.hear(body(1, "Yuki", "psst", to=["haru"]))
    notes.hear(body(2, "Yuki", "", hidden=True))
    assert (notes.due("Haru"), notes.due("瑞穂")) == (Asked(1), None)
    assert [one.whispered for one in notes.history("Haru", 9)] == [True]
    assert notes.history("瑞穂", 9) == []


def test_who_takes_turns_speaks_when_it_is_its_turn() -> None:
    notes = Notes(("Haru", "瑞穂"), turns=["Haru"])
    notes.begin({"members": [], "last_seq": 0, "last_event": 0}, {"Haru": [], "瑞穂": []})
    notes.hear(body(1, "Yuki", "hello"))
    assert (notes.due("Haru"), notes.due("瑞穂")) == (None, Asked(1))
    offered = {
        "type": "turn",
        "event": 2,
        "agent": "haru",
        "seq": 2,
        "reply_to": 1,
        "task": "sum up",
    }
    notes.hear(body(2, "Haru", "", status="pending", reply_to=1))
    notes.hear(offered)
    assert notes.due("Haru") == Asked(1, 2, "sum up")
    notes.hear(body(2, "Haru", "", status="failed", reply_to=1))
    assert notes.due("Haru") is None
    notes.hear({**offered, "seq": 3})
    notes.lost()
    assert notes.due("Haru") is None


def test_a_vote_is_asked_for_once() -> None:
    notes = Notes(("Haru", "瑞穂"), turns=["Haru"])
    notes.begin({"members": [], "last_seq": 0, "last_event": 0}, {"Haru": [], "瑞穂": []})
    asked = {"type": "ballot", "agent": "haru", "ballot": "b1", "choices": ["瑞穂", "Ren"]}
    notes.hear(asked)
    assert notes.ballot("瑞穂") is None
    assert notes.ballot("Haru") == Ballot("b1", ("瑞穂", "Ren"))
    assert notes.ballot("Haru") is None
    notes.hear(asked)
    notes.lost()
    assert notes.ballot("Haru") is None
