"""What was said changed by commands, with and without an app on the data folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("folder")


def asked(run: Run, room: str) -> None:
    run("rooms", "create", room, "--member", "Ren", "--member", "Aki")
    assert run("rooms", "say", room, "@Ren hello", "--wait").code == 0


def test_lines_are_edited_pinned_voted_on_and_branched(run: Run) -> None:
    asked(run, "Words")
    assert run("rooms", "edit", "Words", "2", "better words", "--json").json["edited_at"]
    assert run("rooms", "edit", "Words", "9", "nothing there").code == 1
    assert run("rooms", "pins", "Words").out == "Nothing is pinned.\n"
    assert run("rooms", "pin", "Words", "2").out == "Message 2 is pinned.\n"
    assert "better words" in run("rooms", "pins", "Words").out
    run("rooms", "pin", "Words", "2", "--off")
    assert run("rooms", "pins", "Words", "--json").json == {"messages": []}
    assert run("rooms", "vote", "Words", "2", "up").out == "Message 2: 1 for it, 0 against.\n"
    assert run("rooms", "vote", "Words", "2", "none", "--json").json["votes"]["up"] == 0
    assert run("rooms", "vote", "Words", "2", "sideways").code == 2
    made = run("rooms", "branch", "Words", "1", "--name", "Other words", "--json").json
    assert (made["name"], made["last_seq"], made["origin"]["seq"]) == ("Other words", 1, 1)


def test_an_answer_is_given_again_and_both_are_kept(run: Run) -> None:
    asked(run, "Twice")
    said = run("rooms", "regenerate", "Twice", "2", "--wait")
    assert said.out.startswith("Ren: ")
    assert len(said.out.splitlines()) == 1
    found = run("rooms", "variants", "Twice", "2", "--json").json["variants"]
    assert [(one["number"], one["shown"]) for one in found] == [(1, False), (2, True)]
    assert run("rooms", "choose", "Twice", "2", "1", "--json").json["variant"] == 1
    assert "1" in run("rooms", "variants", "Twice", "2").out
    assert run("rooms", "choose", "Twice", "2", "7").code == 1
    frames = run("rooms", "regenerate", "Twice", "2", "--wait", "--json").objects
    assert frames[-1]["status"] == "complete"
    assert frames[-1]["variant"] == 3
    refused = run("rooms", "continue", "Twice", "2")
    assert refused.code == 1
    assert refused.err.startswith("error: ")
    assert run("rooms", "regenerate", "Twice", "2", "--model", "nobody:knows").code == 1


def test_a_room_waits_at_its_limit_until_it_is_let_go_on(run: Run) -> None:
    run("rooms", "create", "Dear", "--member", "Ren", "--member", "Aki")
    set_to = run("rooms", "budget", "Dear", "--limit", "turns=1", "--json").json
    assert set_to == {"limits": {"turns": 1}, "spent": {}}
    run("rooms", "say", "Dear", "hello", "--wait")
    assert run("rooms", "tail", "Dear", "--json").objects[-1]["sender"] == "Ren"
    assert "turns" in run("rooms", "budget", "Dear").out
    assert run("rooms", "go-on", "Dear", "--json").json["halted"] is None
    run("rooms", "budget", "Dear", "--limit", "turns=none")
    assert run("rooms", "budget", "Dear", "--json").json["limits"] == {}
    assert run("rooms", "budget", "Dear", "--limit", "turns=many").code == 2
    assert run("rooms", "budget", "Dear", "--limit", "beauty=3").code == 1


def test_members_come_go_and_are_muted(run: Run) -> None:
    run("rooms", "create", "Seats", "--member", "Ren")
    assert run("rooms", "join", "Seats", "Aki").out == "Aki sits in “Seats”.\n"
    run("rooms", "mute", "Seats", "Ren")
    said = run("rooms", "say", "Seats", "anybody?", "--wait")
    assert [line.partition(":")[0] for line in said.out.splitlines()] == ["Aki"]
    muted = run("rooms", "mute", "Seats", "Ren", "--off", "--json").json["members"]
    assert not any(one["muted"] for one in muted)
    assert run("rooms", "leave", "Seats", "ren", "--json").json["members"][0]["name"] == "Aki"
    assert run("rooms", "leave", "Seats", "ren").code == 1
    assert run("rooms", "join", "Seats", "Nobody at all").code == 1


def test_a_whisper_is_answered_by_whom_it_is_for(run: Run) -> None:
    run("rooms", "create", "Secrets", "--member", "Ren", "--member", "Aki")
    run("rooms", "say", "Secrets", "just you", "--to", "Aki", "--as", "Yuki", "--wait")
    lines = run("rooms", "tail", "Secrets", "--json").objects
    assert [(one["sender"], one["to"]) for one in lines] == [("Yuki", ["Aki"]), ("Aki", ["Yuki"])]


def test_whether_a_room_fits_is_said(run: Run) -> None:
    run("rooms", "create", "Fitting", "--member", "Ren")
    found = run("rooms", "preflight", "Fitting", "--json").json
    assert found["verdict"] in ("fits", "swaps", "does_not_fit", "unknown")
    assert [part["members"] for part in found["parts"] if "Ren" in part["members"]] == [["Ren"]]
    assert "ollama:tiny" in run("rooms", "preflight", "Fitting").out
    refused = run("rooms", "preflight", "Fitting", "--remedy", "magic")
    assert (refused.code, refused.err.startswith("error: ")) == (1, True)


def test_the_tail_tells_a_member_what_it_heard(run: Run) -> None:
    asked(run, "Ears")
    run("rooms", "say", "Ears", "the canary is blue", "--to", "Ren", "--wait")
    for name, knows in (("Ren", True), ("Aki", False)):
        told = run("rooms", "tail", "Ears", "--as", name)
        assert told.code == 0
        assert ("canary" in told.out) is knows, name
        assert "hello" in told.out


def test_a_file_that_is_no_room_is_refused_with_what_to_do(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "room.json"
    file.write_text("{", "utf-8")
    refused = run("rooms", "import", str(file))
    assert refused.code == 1
    assert "last good version" not in refused.err
    assert "rooms export" in refused.err
