"""Versions: every text that an agent's file has had can be read, compared and taken back."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from core.agents import Agent, Agents
from core.agents.parsing import parse
from core.errors import AgentNotFound, NotFound
from core.paths import SYSTEM_AGENTS

HANA = Agent("Hana", body="She cooks.")


def bodies(agents: Agents, name: str) -> list[tuple[int, str, str]]:
    """(version, source, body), the newest first."""
    return [
        (one.version, one.source, parse(one.content.encode(), "").body)
        for one in agents.versions(name)
    ]


@pytest.fixture
def hana(agents: Agents) -> Agent:
    first = agents.save(HANA, revision=None)
    return agents.save(replace(first, body="She sings."), revision=first.revision)


def test_each_save_is_a_version(agents, hana):
    assert bodies(agents, "hana") == [(2, "app", "She sings."), (1, "app", "She cooks.")]
    assert agents.versions("hana")[0].saved_at >= agents.versions("hana")[1].saved_at


def test_saving_the_same_again_is_no_version(agents, hana):
    assert agents.save(hana, revision=hana.revision) == hana
    assert len(agents.versions("Hana")) == 2


def test_a_change_from_outside_is_a_version_too(agents, hana, folder, store):
    (folder / "hana.md").write_text("---\nname: Hana\n---\nBy hand.\n")
    assert agents.get("Hana").body == "By hand."
    store.write(lambda _conn: None)  # behind what was submitted
    assert bodies(agents, "Hana")[0] == (3, "file", "By hand.")


def test_a_change_from_outside_that_nobody_saw_is_kept_when_it_is_replaced(agents, hana, folder):
    text = "---\nname: Hana\n---\nBy hand.\n"
    (folder / "hana.md").write_text(text)
    revision = parse(text.encode(), "").revision
    agents.save_text("Hana", text.replace("hand", "app"), revision=revision)
    assert [body for _n, _s, body in bodies(agents, "Hana")][:2] == ["By app.", "By hand."]


def test_files_that_were_there_before_are_versions_from_their_first_sight(folder, store, encoder):
    for number in range(3):
        (folder / f"{number}.md").write_text(f"---\nname: A{number}\n---\nText.\n")
    folders = {"system": SYSTEM_AGENTS, "user": folder}
    for _start in range(2):
        agents = Agents(folders, store, encoder)
        assert agents.get("A1")
        store.write(lambda _conn: None)
    assert bodies(agents, "A1") == [(1, "file", "Text.")]
    assert agents.versions("Ren") == []


def test_a_difference_is_shown_line_by_line(agents, hana, folder):
    shown = agents.diff("Hana", 1, 2)
    assert "-She cooks." in shown
    assert "+She sings." in shown
    assert agents.diff("Hana", 2) == ""
    assert agents.diff("Hana", 2, 1) != shown
    with pytest.raises(NotFound):
        agents.diff("Hana", 1, 99)


def test_an_older_version_comes_back_and_the_newer_one_stays(agents, hana):
    assert agents.restore("Hana", 1).body == "She cooks."
    assert bodies(agents, "Hana")[0] == (3, "restore", "She cooks.")
    assert agents.restore("Hana", 2).body == "She sings."
    with pytest.raises(NotFound):
        agents.restore("Hana", 99)


def test_a_broken_file_can_be_replaced_by_an_older_version(agents, hana, folder):
    (folder / "hana.md").write_text("---\nname: [\n---\n")
    assert agents.restore("Hana", 1).body == "She cooks."
    assert agents.errors() == []
    assert any("name: [" in version.content for version in agents.versions("Hana"))


def test_a_deletion_is_undone_by_restoring(agents, hana, folder):
    agents.set_avatar("Hana", b"\x89PNG\r\n\x1a\n picture")
    newest = agents.versions("Hana")[0].version
    agents.delete("Hana")
    with pytest.raises(AgentNotFound):
        agents.get("Hana")
    assert agents.deleted() == ["Hana"]
    assert len(agents.versions("Hana")) == newest
    agents.restore("Hana", newest)
    assert agents.avatar("Hana") == b"\x89PNG\r\n\x1a\n picture"
    assert agents.deleted() == []


def test_a_file_deleted_outside_can_come_back_too(agents, hana, folder):
    (folder / "hana.md").unlink()
    assert agents.deleted() == ["Hana"]
    assert agents.restore("hana", 2).body == "She sings."
    assert os.listdir(folder) == ["hana.md"]


def test_history_goes_along_when_an_agent_is_renamed_and_named_back(agents, hana):
    renamed = agents.save(replace(hana, name="Hanako"), revision=hana.revision)
    assert [number for number, _s, _b in bodies(agents, "Hanako")] == [3, 2, 1]
    assert agents.versions("Hana") == []
    agents.save(replace(renamed, name="Hana"), revision=renamed.revision)
    assert [number for number, _s, _b in bodies(agents, "Hana")] == [4, 3, 2, 1]


def test_a_new_agent_of_an_old_name_continues_its_history(agents, hana):
    agents.delete("Hana")
    agents.save(replace(HANA, body="Another."), revision=None)
    assert [number for number, _s, _b in bodies(agents, "Hana")] == [3, 2, 1]


def test_a_deleted_agent_restored_under_an_older_name_keeps_its_history(agents, hana):
    agents.save(replace(hana, name="Hanako"), revision=hana.revision)
    agents.delete("Hanako")
    assert agents.restore("Hanako", 1).name == "Hana"
    assert len(agents.versions("Hana")) == 4


def test_the_first_edit_of_a_bundled_agent_keeps_what_was_bundled(agents):
    ren = agents.get("Ren")
    agents.save(replace(ren, body="Mine."), revision=ren.revision)
    assert [body for _n, _s, body in bodies(agents, "Ren")] == ["Mine.", ren.body]
