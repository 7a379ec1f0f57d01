"""Who hears what: an agent's prompt holds what was said while it was there, and its whispers."""

from __future__ import annotations

from itertools import pairwise

import pytest

from core.errors import AgentNotFound, IdempotencyConflict, InvalidInput
from core.rooms.people import hearing
from core.rooms.renaming import seat_under
from core.workbench import Workbench
from testing.long_room import long_room
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"


@pytest.fixture
def model() -> ScriptedProvider:
    return ScriptedProvider({"starter": Script(["I see."])})


@pytest.fixture
def bench(open_workbench: OpenWorkbench, model: ScriptedProvider) -> Workbench:
    return open_workbench(model)


def say(bench: Workbench, text: str, *to: str, room: str = ROOM, sender: str = "Yuki") -> int:
    seq = bench.rooms.post(room, text, sender=sender, to=to).seq
    assert bench.rooms.wait_idle(room, 10)
    return seq


def prompt(bench: Workbench, agent: str, room: str = ROOM) -> str:
    """The newest prompt that is kept of this agent, all of it."""
    lines = [one for one in bench.rooms.messages(room) if one.sender == agent]
    kept = bench.rooms.record.prompt(room, lines[-1].seq).prompt
    return "\n".join(message.content for message in kept.messages)


def answered(bench: Workbench, after: int, room: str = ROOM) -> list[str]:
    return [one.sender for one in bench.rooms.messages(room, after=after)]


def test_a_newcomer_has_not_heard_what_was_said_before(bench: Workbench) -> None:
    bench.rooms.create("tea", ["Ren"])
    say(bench, "the canary is yellow", room="tea")
    bench.rooms.update("tea", members=["Ren", "Aki"])
    say(bench, "and now?", room="tea")
    assert "yellow" not in prompt(bench, "Aki", "tea")
    assert "and now?" in prompt(bench, "Aki", "tea")
    assert "yellow" in prompt(bench, "Ren", "tea")


def test_who_was_away_has_missed_that_part(bench: Workbench) -> None:
    bench.rooms.create("tea", ["Ren", "Aki"])
    say(bench, "first apricot", room="tea")
    bench.rooms.update("tea", members=["Ren"])
    say(bench, "secret banana", room="tea")
    bench.rooms.update("tea", members=["Ren", "Aki"])
    say(bench, "third cherry", room="tea")
    heard = prompt(bench, "Aki", "tea")
    assert "apricot" in heard
    assert "banana" not in heard
    assert "cherry" in heard


def test_a_whisper_is_heard_and_answered_by_its_hearer_alone(bench: Workbench) -> None:
    seq = say(bench, "the canary is blue", "ren")
    assert answered(bench, seq) == ["Ren"]
    reply = bench.rooms.message(ROOM, seq + 1)
    assert reply.to == ("Yuki",)
    assert "Yuki (whispering): the canary is blue" in prompt(bench, "Ren")
    say(bench, "hello all")
    assert "blue" in prompt(bench, "Ren")
    for other in ("Mizuho", "Aki"):
        assert "blue" not in prompt(bench, other)
        assert "Ren: I see." not in prompt(bench, other).partition("hello all")[0]


def test_whispers_and_open_words_are_answered_in_rounds_of_their_own(bench: Workbench) -> None:
    rooms = bench.rooms
    posts = [
        ("@Mizuho open", ()),
        ("psst", ("Ren",)),
        ("to a person", ("Taro",)),
        ("@Aki open", ()),
    ]
    say(bench, "@Aki I am Taro", sender="Taro")
    before = rooms.get(ROOM).last_seq
    said = [rooms.saying.post_soon(ROOM, text, sender="Yuki", to=to) for text, to in posts]
    assert all(one.result() for one in said)
    assert rooms.wait_idle(ROOM, 10)
    replies = [one for one in rooms.messages(ROOM, after=before) if one.kind == "agent"]
    assert [one.sender for one in replies] == ["Mizuho", "Ren", "Aki"]
    assert all(one.seq < other.seq for one, other in pairwise(replies))


def test_a_whisper_between_people_asks_nobody(bench: Workbench) -> None:
    say(bench, "@Aki hi", sender="Taro")
    seq = say(bench, "just for Taro", "Taro")
    assert answered(bench, seq) == []


@pytest.mark.parametrize("to", [["Nobody"], ["Yuki"], [""], ["Ren"] * 21])
def test_nobody_whispers_to_no_one(bench: Workbench, to: list[str]) -> None:
    with pytest.raises(InvalidInput, match="to"):
        bench.rooms.post(ROOM, "psst", sender="Yuki", to=to)


def test_a_key_stands_for_its_hearers_too(bench: Workbench) -> None:
    first = bench.rooms.post(ROOM, "psst", sender="Yuki", to=["Ren"], key="k")
    assert bench.rooms.post(ROOM, "psst", sender="Yuki", to=["ren"], key="k").id == first.id
    with pytest.raises(IdempotencyConflict):
        bench.rooms.post(ROOM, "psst", sender="Yuki", key="k")


def test_who_is_muted_listens_and_is_not_asked(bench: Workbench) -> None:
    bench.rooms.mute(ROOM, "ren")
    seq = say(bench, "a quiet canary")
    assert answered(bench, seq) == ["Mizuho", "Aki"]
    bench.rooms.mute(ROOM, "Ren", muted=False)
    say(bench, "@Ren what did you hear?")
    assert "a quiet canary" in prompt(bench, "Ren")
    with pytest.raises(AgentNotFound):
        bench.rooms.mute(ROOM, "Hoshi")


def test_a_renamed_agent_has_heard_what_it_heard(bench: Workbench) -> None:
    say(bench, "the canary is green")
    bench.rooms.mute(ROOM, "Ren")
    bench.rooms.set_model(ROOM, "Ren", "starter")
    assert seat_under(bench.rooms, "Ren", "Hoshi") == [ROOM]
    member = bench.rooms.get(ROOM).members[1]
    assert (member.name, member.muted, member.model) == ("Hoshi", True, "starter")
    bench.rooms.mute(ROOM, "Hoshi", muted=False)
    say(bench, "@Hoshi go on")
    assert "green" in prompt(bench, "Hoshi")


@pytest.mark.parametrize(
    ("lines", "chars", "soon"), [(150, 50, True), (150, 6_000, False), (450, 50, True)]
)
def test_a_turn_reads_no_more_in_its_transaction_than_is_soon_read(
    bench: Workbench, lines: int, chars: int, *, soon: bool
) -> None:
    """The rest is read when it speaks, and is the same."""
    room = long_room(bench.rooms, "tea", lines).id
    for seq in range(1, lines, 3):
        bench.rooms.editing.edit(room, seq, f"{seq} " + "x" * chars)
    with bench.store.read() as conn:
        for name in ("Ren", "You"):
            found = hearing.heard_soon(conn, room, name, 200)
            expected = hearing.transcript(conn, room, name, 200) if soon else None
            assert found == expected
    say(bench, "@Ren and now?", room=room)
    assert "@Ren and now?" in prompt(bench, "Ren", room)


def test_who_came_late_to_a_long_room_holds_nobody_up(bench: Workbench) -> None:
    """What it has not heard need not be read to the first line in everybody's transaction."""
    room = long_room(bench.rooms, "tea", 450).id
    bench.rooms.update(room, members=["Ren", "Aki", "Mizuho", "Zuri"])
    with bench.store.read() as conn:
        assert hearing.heard_soon(conn, room, "Zuri", 200) is None
    say(bench, "@Zuri and now?", room=room)
    assert prompt(bench, "Zuri", room).endswith("Yuki: @Zuri and now?")
    assert "evening light" not in prompt(bench, "Zuri", room)
