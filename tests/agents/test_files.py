"""Agent files: read as people write them, refused with the line, last good version kept."""

from __future__ import annotations

import os
import time

import pytest

from core.agents import Agents
from core.agents.parsing import parse
from core.errors import AgentNotFound, FileInvalid
from core.paths import SYSTEM_AGENTS

GOOD = """---
name: Hana
roles: [cook]
tones: polite
introduction: {ja: はな}
---
She cooks.
""".encode()


def test_a_file_is_a_character():
    agent = parse(GOOD, "hana.md")
    assert (agent.name, agent.roles, agent.tones, agent.body) == (
        "Hana",
        ("cook",),
        ("polite",),
        "She cooks.",
    )
    assert agent.introduce("ja") == "はな"


def test_windows_line_ends_and_a_byte_order_mark_are_no_obstacle():
    assert parse(b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n"), "hana.md").name == "Hana"


HEAD = b"---\nname: Hana\n"


@pytest.mark.parametrize(
    ("content", "line", "field", "detail"),
    [
        (b"name: Hana", 1, "", "---"),
        (b"---\nname: Hana\n", 1, "", "closing"),
        (b"---\n---\n", 2, "", "expected"),
        (b"---\n- Hana\n---\n", 2, "", "expected"),
        (b"---\nname: Hana\n...\nroles: [a]\n---\n", 4, "", ""),
        (HEAD + b"colour: red\n---\n", 3, "colour", "colour"),
        (HEAD + b"roles: [a\n---\n", 4, "", ""),
        (HEAD + b"roles: [a]\n\nroles: [b]\n---\n", 5, "roles", "second time"),
        (HEAD + b"gender: [1, 2]\n---\n", 3, "gender", "expected text"),
        (HEAD + b"roles: [a, {b: c}]\n---\n", 3, "roles", "expected text"),
        (HEAD + b"options: 3\n---\n", 3, "options", "word: value"),
        (HEAD + b"introduction:\n  en: [x]\n---\n", 4, "introduction", "expected text"),
        (HEAD + b"background: |\n  a\n  b\nlanguage: klingon\n---\n", 6, "language", "en, ja"),
        (HEAD + b"memory: all\n---\n", 3, "memory", "none, room, agent"),
        (HEAD + b"talkativeness: 2\n---\n", 3, "talkativeness", "0 to 1"),
        (HEAD + b"talkativeness: nan\n---\n", 3, "talkativeness", "0 to 1"),
        (b"---\nroles: [cook]\n---\n", 2, "name", "name"),
        (b"---\nroles: [cook]\nname: ''\n---\n", 3, "name", "name"),
        (b"---\nname: " + b"x" * 81 + b"\n---\n", 2, "name", "name"),
        (HEAD + b"gender: &a x\nroles: [*a]\n---\n", 4, "", "aliases"),
        (HEAD + b"roles: !!python/object:os.system x\n---\n", 3, "", "tags"),
        (HEAD + b"roles: !secret x\n---\n", 3, "", "tags"),
        (HEAD + b"options: " + b"[" * 2000 + b"\n---\n", 3, "", "nested"),
        (HEAD + b"options:\n" + b"- " * 2000 + b"\n---\n", 4, "", "nested"),
        (HEAD + b"gender: \xff\xfe\n---\n", 3, "", "UTF-8"),
        (HEAD + b"gender: a\x07b\n---\n", 3, "", "sign"),
        (b"x" * 300_000, 1, "", "larger"),
    ],
)
def test_a_broken_file_is_refused_with_line_field_and_reason(content, line, field, detail):
    with pytest.raises(FileInvalid) as refused:
        parse(content, "broken.md")
    given = refused.value.params
    assert (given["line"], given["field"]) == (line, field)
    assert detail in str(given["detail"])


def test_an_anchor_bomb_costs_nothing():
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 30):
        lines.append(b"a%d: &a%d [%s]" % (level, level, b", ".join([b"*a%d" % (level - 1)] * 9)))
    bomb = b"---\nname: Bomb\noptions:\n  " + b"\n  ".join(lines) + b"\n---\n"
    began = time.perf_counter()
    with pytest.raises(FileInvalid, match="aliases"):
        parse(bomb, "bomb.md")
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- ", b"? "])
def test_a_quarter_of_a_megabyte_of_brackets_is_refused_at_once(opening):
    deep = HEAD + b"options:\n  " + opening * (250_000 // len(opening)) + b"\n---\n"
    began = time.perf_counter()
    with pytest.raises(FileInvalid):
        parse(deep, "deep.md")
    assert time.perf_counter() - began < 0.5


def test_numbers_and_empty_fields_are_read_as_people_mean_them():
    head = b"description: 007\ntones: [1, yes]\nmodel:\ngreetings: ~\n"
    options = b"options: {temperature: 0.5, seed: 7, deep: yes, stop: ['1', x], at: 2026-01-01}\n"
    agent = parse(HEAD + head + options + b"---\n", "hana.md")
    assert (agent.description, agent.tones, agent.model, agent.greetings) == (
        "007",
        ("1", "yes"),
        None,
        (),
    )
    assert agent.options == {
        "temperature": 0.5,
        "seed": 7,
        "deep": True,
        "stop": ["1", "x"],
        "at": "2026-01-01",
    }


def test_the_bundled_characters_are_whole(agents):
    assert agents.errors() == []
    for name in ("Mizuho", "Ren", "Aki"):
        agent = agents.get(name)
        assert agent.roles
        assert agent.tones
        assert agent.introduce("ja") != agent.introduce("en")


def test_a_users_agent_stands_before_a_bundled_one(agents, folder):
    (folder / "my.md").write_text("---\nname: REN\n---\nMine.")
    assert agents.get("ren").body == "Mine."
    assert agents.get("ren").source == "user"


def test_the_last_good_version_is_kept_while_a_file_is_broken(agents, folder):
    file = folder / "hana.md"
    file.write_bytes(GOOD)
    assert agents.get("Hana").body == "She cooks."
    file.write_bytes(b"---\nname: [")
    assert agents.get("Hana").body == "She cooks."
    assert "hana.md" in str(agents.errors()[0])
    file.write_bytes(GOOD.replace(b"cooks", b"sings"))
    assert agents.get("Hana").body == "She sings."
    assert agents.errors() == []


def test_a_removed_file_is_a_removed_agent(agents, folder):
    (folder / "hana.md").write_bytes(GOOD)
    assert agents.get("Hana")
    (folder / "hana.md").unlink()
    with pytest.raises(AgentNotFound):
        agents.get("Hana")


def test_other_programs_files_pipes_and_folders_are_no_agents(agents, folder):
    (folder / ".hana.md").write_bytes(GOOD)
    (folder / "hana.md.part").write_bytes(GOOD)
    (folder / "folder.md").mkdir()
    os.mkfifo(folder / "pipe.md")
    (folder / "lost.md").symlink_to(folder / "nowhere.md")
    assert "Hana" not in [agent.name for agent in agents.list()]
    assert {error.params["file"] for error in agents.errors()} == {"folder.md", "pipe.md"}


def test_a_removed_broken_file_is_no_longer_complained_about(agents, folder):
    (folder / "hana.md").write_bytes(b"---\nname: [")
    assert len(agents.errors()) == 1
    (folder / "hana.md").unlink()
    assert agents.errors() == []


def test_two_files_of_one_name_are_told_apart(agents, folder):
    (folder / "a.md").write_bytes(GOOD)
    (folder / "b.md").write_bytes(GOOD.replace(b"cooks", b"sings"))
    assert agents.get("hana").body == "She cooks."
    (error,) = agents.errors()
    assert (error.params["file"], error.params["field"]) == ("b.md", "name")
    assert "a.md" in error.message()


def test_two_changes_within_one_tick_of_the_clock_are_both_seen(agents, folder):
    file = folder / "hana.md"
    for number in range(100, 160):
        file.write_bytes(GOOD.replace(b"cooks", b"%d" % number))
        assert agents.get("Hana").body == f"She {number}."


def test_a_file_that_is_broken_at_start_speaks_as_it_last_did(folder, store, encoder):
    folders = {"system": SYSTEM_AGENTS, "user": folder}
    Agents(folders, store, encoder).save_text("Hana", GOOD.decode(), revision=None)
    (folder / "hana.md").write_bytes(b"---\nname: Hana\ncolour: red\n---\nShe breaks.\n")
    started = Agents(folders, store, encoder)
    assert started.get("Hana").body == "She cooks."
    assert started.errors()[0].params["line"] == 3
