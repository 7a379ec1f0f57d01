"""Agent files: read as people write them, refused with the line, last good version kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.agents import Agents
from core.agents.parsing import parse
from core.errors import AgentNotFound, FileInvalid
from core.paths import SYSTEM_AGENTS, DataPaths
from core.store import Store

GOOD = """---
name: Hana
roles: [cook]
tones: polite
introduction: {ja: はな}
---
She cooks.
""".encode()


@pytest.fixture
def agents(tmp_path: Path, data_paths: DataPaths, no_wait: None) -> Iterator[Agents]:
    store = Store.open(data_paths)
    yield Agents({"system": SYSTEM_AGENTS, "user": tmp_path}, store)
    store.close()


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


@pytest.mark.parametrize(
    ("content", "line", "detail"),
    [
        (b"name: Hana", 1, "---"),
        (b"---\nname: Hana\n", 1, "closing"),
        (b"---\nname: Hana\ncolour: red\n---\n", 2, "colour"),
        (b"---\nname: Hana\nroles: [a\n---\n", 3, ""),
        (b"---\nname: [1, 2]\n---\n", 2, "expected text"),
        (b"---\nroles: [cook]\n---\n", 2, "name"),
        (b"---\nname: " + b"x" * 81 + b"\n---\n", 2, "name"),
        (b"---\na: &a [x]\nb: *a\n---\n", 3, "aliases"),
        (b"---\n!!python/object:os.system x\n---\n", 2, ""),
        (b"---\n" + b"[" * 2000 + b"\n---\n", 2, ""),
        (b"---\nname: \xff\xfe\n---\n", 2, "UTF-8"),
        (b"x" * 300_000, 1, "larger"),
    ],
)
def test_a_broken_file_is_refused_with_line_and_reason(content, line, detail):
    with pytest.raises(FileInvalid) as refused:
        parse(content, "broken.md")
    assert int(refused.value.params["line"]) >= line
    assert detail in str(refused.value.params["detail"])


def test_the_bundled_characters_are_whole(agents):
    assert agents.errors() == []
    for name in ("Mizuho", "Ren", "Aki"):
        agent = agents.get(name)
        assert agent.roles
        assert agent.tones
        assert agent.introduce("ja") != agent.introduce("en")


def test_a_users_agent_stands_before_a_bundled_one(agents, tmp_path):
    (tmp_path / "my.md").write_text("---\nname: REN\n---\nMine.")
    assert agents.get("ren").body == "Mine."
    assert agents.get("ren").source == "user"


def test_the_last_good_version_is_kept_while_a_file_is_broken(agents, tmp_path):
    file = tmp_path / "hana.md"
    file.write_bytes(GOOD)
    assert agents.get("Hana").body == "She cooks."
    file.write_bytes(b"---\nname: [")
    assert agents.get("Hana").body == "She cooks."
    assert "hana.md" in str(agents.errors()[0])
    file.write_bytes(GOOD.replace(b"cooks", b"sings"))
    assert agents.get("Hana").body == "She sings."
    assert agents.errors() == []


def test_a_removed_file_is_a_removed_agent(agents, tmp_path):
    (tmp_path / "hana.md").write_bytes(GOOD)
    assert agents.get("Hana")
    (tmp_path / "hana.md").unlink()
    with pytest.raises(AgentNotFound):
        agents.get("Hana")
