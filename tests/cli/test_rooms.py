"""Rooms, agents and models from the command line: the same whether or not the app runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import WORDS, Run

pytestmark = pytest.mark.usefixtures("folder")


def test_create_list_delete_restore(run: Run) -> None:
    made = run("rooms", "create", "Tea", "--member", "Ren", "--member", "aki", "--json").json
    assert [member["name"] for member in made["members"]] == ["Ren", "Aki"]
    assert made["id"] in [room["id"] for room in run("rooms", "list", "--json").json["rooms"]]
    assert "Tea " in run("rooms", "list").out
    deleted = run("rooms", "delete", "tea", "--json").json
    assert deleted["deleted"] is True
    assert "Tea" not in run("rooms", "list").out
    assert made["id"] in run("rooms", "list", "--deleted", "--json").out
    assert run("rooms", "restore", made["id"], "--json").json["name"] == "Tea"
    assert run("rooms", "delete", made["id"]).code == 0


def test_say_wait_prints_the_replies(run: Run) -> None:
    run("rooms", "create", "Talk", "--member", "Ren", "--member", "Aki")
    said = run("rooms", "say", "Talk", "hello", "--wait")
    assert said.code == 0
    names = [line.partition(":")[0] for line in said.out.splitlines()]
    assert names == ["Ren", "Aki"]
    assert all(len(line.split()) == WORDS + 1 for line in said.out.splitlines())


def test_say_wait_as_json_is_one_frame_a_line(run: Run) -> None:
    room = run("rooms", "create", "Frames", "--member", "Ren", "--json").json
    frames = run("rooms", "say", "Frames", "hello", "--wait", "--json").objects
    assert frames[0]["content"] == "hello"
    assert {frame["room"] for frame in frames} == {room["id"]}
    assert frames[-1]["status"] == "complete"
    assert frames[-1]["sender"] == "Ren"
    assert frames[-1]["reply_to"] == frames[0]["seq"]


def test_say_wait_ends_where_nobody_is_asked(run: Run) -> None:
    run("rooms", "create", "Empty")
    assert run("rooms", "say", "Empty", "anybody?", "--wait").code == 0


def test_say_wait_follows_only_who_is_called(run: Run) -> None:
    run("rooms", "create", "Called", "--member", "Ren", "--member", "Aki")
    out = run("rooms", "say", "Called", "@Aki you", "--wait").out
    assert out.startswith("Aki: ")
    assert out.count("\n") == 1


def test_a_key_is_stored_once(run: Run) -> None:
    run("rooms", "create", "Keys")
    one = run("rooms", "say", "Keys", "hello", "--key", "k", "--as", "Yuki", "--json").json
    again = run("rooms", "say", "Keys", "hello", "--key", "k", "--as", "Yuki", "--json").json
    assert one == again
    other = run("rooms", "say", "Keys", "bye", "--key", "k", "--as", "Yuki")
    assert other.code == 1
    assert "k" in other.err


def test_tail(run: Run) -> None:
    run("rooms", "create", "Tail")
    for number in range(4):
        run("rooms", "say", "Tail", f"line {number}", "--as", "Yuki")
    assert run("rooms", "tail", "Tail", "-n", "2").out == "Yuki: line 2\nYuki: line 3\n"
    assert run("rooms", "tail", "Tail", "-n", "0").out == ""
    objects = run("rooms", "tail", "Tail", "--json").objects
    assert [one["content"] for one in objects] == [f"line {number}" for number in range(4)]
    assert [one["seq"] for one in objects] == [1, 2, 3, 4]


def test_export_and_import_make_the_same_room(run: Run, tmp_path: Path) -> None:
    run("rooms", "create", "Trip 旅", "--member", "Ren")
    run("rooms", "say", "Trip 旅", "hello\nthere", "--as", "Yuki", "--wait")
    file = tmp_path / "trip.json"
    assert run("rooms", "export", "Trip 旅", "-o", str(file), "--json").json["messages"] == 2
    before = json.loads(file.read_text(encoding="utf-8"))
    run("rooms", "delete", "Trip 旅")
    assert run("rooms", "import", str(file)).code == 0
    after = run("rooms", "export", "Trip 旅").json
    assert after["room"]["members"] == before["room"]["members"]
    ids = [{**line, "id": ""} for line in before["messages"]]
    assert [{**line, "id": ""} for line in after["messages"]] == ids


def test_export_for_reading_and_for_training(run: Run) -> None:
    run("rooms", "create", "Read", "--member", "Ren")
    run("rooms", "say", "Read", "hello", "--as", "Yuki", "--wait")
    assert run("rooms", "export", "Read", "--format", "markdown").out.startswith("# Read\n")
    wrapped = run("rooms", "export", "Read", "--format", "markdown", "--json").json
    assert wrapped["content"].startswith("# Read\n")
    (conversation,) = run("rooms", "export", "Read", "--format", "sharegpt").json
    assert [turn["from"] for turn in conversation["conversations"]] == ["human", "gpt"]


def test_export_never_writes_over_a_file(run: Run, tmp_path: Path) -> None:
    run("rooms", "create", "Over")
    file = tmp_path / "mine.txt"
    file.write_text("mine")
    refused = run("rooms", "export", "Over", "-o", str(file))
    assert (refused.code, file.read_text()) == (1, "mine")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "line 1"),
        ("{\n\n nope", "line 3"),
        ("[]", "rooms export"),
        ("{}", "engawa_room"),
        ("\ufeff{}", "engawa_room"),
        (b"\n\xff\xfe", "line 2"),
        ("[" * 100_000, "JSON"),
        ('{"engawa_room": 1, "room": {}, "messages": []}', "room.id"),
    ],
)
def test_import_of_something_else(
    run: Run, tmp_path: Path, content: str | bytes, said: str
) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    refused = run("rooms", "import", str(file))
    assert refused.code == 1
    assert said in refused.err
    assert refused.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rooms", "tail", "nowhere"), "nowhere"),
        (("rooms", "delete", "nowhere"), "nowhere"),
        (("rooms", "restore", "nowhere"), "nowhere"),
        (("rooms", "say", "nowhere", "x"), "nowhere"),
        (("rooms", "export", "nowhere"), "nowhere"),
        (("rooms", "export", "../../etc/passwd"), "etc"),
        (("rooms", "create", ""), "1 to 80"),
        (("rooms", "create", "x" * 81), "1 to 80"),
        (("rooms", "create", "a\nb"), "control"),
        (("rooms", "create", "Engawa"), "Engawa"),
        (("rooms", "create", "New", "--member", "Nobody"), "Nobody"),
        (("rooms", "say", "Engawa", ""), "empty"),
        (("rooms", "say", "Engawa", "x" * 40_000), "40000"),
        (("rooms", "say", "Engawa", "x", "--as", "Ren"), "Ren"),
        (("rooms", "import", "/no/such/file"), "/no/such/file"),
        (("agents", "show", "Nobody"), "Nobody"),
        (("agents", "show", "../x"), "../x"),
        (("models", "show", "hf:../../x"), "x"),
        (("models", "show", "nothing:at-all"), "nothing:at-all"),
        (("models", "show", "ollama:missing"), "ollama:missing"),
    ],
)
def test_what_is_wrong_is_one_line(run: Run, arguments: tuple[str, ...], said: str) -> None:
    refused = run(*arguments, "--json")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("error: ")
    assert refused.err.count("\n") == 1
    assert said in refused.err


@pytest.mark.parametrize("name", ["a/b", "..", "../../x", "back\\slash", "a?b#c%2F", "茶 会"])
def test_any_name_works_everywhere(run: Run, name: str) -> None:
    made = run("rooms", "create", name, "--json").json
    assert run("rooms", "say", name, "hello", "--as", "Yuki").code == 0
    assert run("rooms", "tail", name).out == "Yuki: hello\n"
    assert run("rooms", "export", name).json["room"]["id"] == made["id"]
    assert run("rooms", "delete", name).code == 0
    assert run("rooms", "restore", name).code == 0
    assert run("rooms", "delete", name).code == 0


def test_agents(run: Run) -> None:
    names = [agent["name"] for agent in run("agents", "list", "--json").json["agents"]]
    assert {"Mizuho", "Ren", "Aki"} <= set(names)
    assert run("agents", "show", "ren", "--json").json["name"] == "Ren"
    assert "name: Ren" in run("agents", "show", "Ren").out
    assert "Mizuho" in run("agents", "list").out


def test_models(run: Run) -> None:
    found = run("models", "list", "--json").json
    assert "ollama:tiny" in {model["ref"] for model in found["models"]}
    names = {provider["name"] for provider in found["providers"]}
    assert names == {"starter", "hf", "ollama", "llm"}
    assert run("models", "show", "ollama:tiny", "--json").json["provider"] == "ollama"
    assert "ollama:tiny" in run("models", "list").out


def test_how_turns_are_taken(run: Run) -> None:
    assert "debate" in run("rooms", "policies").out
    run("rooms", "create", "Order", "--member", "Ren", "--member", "Aki", "--policy", "manual")
    assert run("rooms", "say", "Order", "anybody?", "--wait").out == ""
    assert run("rooms", "next", "Order", "aki").code == 0
    changed = run("rooms", "policy", "Order", "named", "--set", "turns=2", "--json").json
    assert (changed["policy"], changed["policy_options"]) == ("named", {"turns": 2})
    said = run("rooms", "say", "Order", "@Ren go on", "--wait")
    assert [line.partition(":")[0] for line in said.out.splitlines()] == ["Ren"]
    found = run("rooms", "queue", "Order", "--json").json
    assert found["speaking"] is None
    assert found["rounds"][0]["loads"] is not None
    assert "named" in run("rooms", "queue", "Order").out
    assert run("rooms", "policy", "Order", "loudest").code == 1
    assert run("rooms", "policy", "Order", "named", "--set", "turns").code == 2
