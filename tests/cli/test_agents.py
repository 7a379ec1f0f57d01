"""Agents from the command line: the same whether or not the app runs."""

from __future__ import annotations

import base64
import json
import uuid
from pathlib import Path

import pytest

from core.agents.client_file import OPTIONS
from core.client.agents_file import Options, load_agents
from tests.agents.cards import corpus
from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def name() -> str:
    """A name that no other test uses: the app's folder is the same for all of them."""
    return f"Hana {uuid.uuid4().hex[:8]}"


def test_create_show_delete_restore(run: Run, name: str) -> None:
    made = run("agents", "create", name, "--role", "cook", "--tone", "warm", "--tone", "brief",
               "--description", "A cook.", "--body", "You cook.", "--json").json  # fmt: skip
    assert (made["roles"], made["tones"], made["source"]) == (["cook"], ["warm", "brief"], "user")
    shown = run("agents", "show", name)
    assert "roles: cook" in shown.out
    assert shown.out.endswith("\nYou cook.\n")
    assert name in run("agents", "list").out
    assert run("agents", "delete", name, "--json").json == {"name": name, "deleted": True}
    listed = run("agents", "list", "--json").json
    assert name not in [one["name"] for one in listed["agents"]]
    assert name in listed["deleted"]
    assert run("agents", "restore", name, "1", "--json").json["body"] == "You cook."


def test_copies_and_versions(run: Run, name: str) -> None:
    run("agents", "create", name, "--body", "one")
    assert run("agents", "duplicate", name, "--json").json["name"] == f"{name} 2"
    assert run("agents", "duplicate", name, f"{name} b").code == 0
    versions = run("agents", "history", name, "--json").json["versions"]
    assert [one["version"] for one in versions] == [1]
    assert run("agents", "diff", name, "1", "--json").json == {"diff": ""}
    run("agents", "delete", name)
    run("agents", "create", name, "--body", "two")
    assert "+two" in run("agents", "diff", name, "1", "2").out
    assert "app" in run("agents", "history", name).out
    assert run("agents", "restore", name, "1").code == 0
    assert run("agents", "show", name, "--json").json["body"] == "one"


def test_search(run: Run) -> None:
    found = run("agents", "search", "engineer", "--limit", "2", "--json").json
    assert 1 <= len(found["found"]) <= 2
    assert found["problem"]["message"]
    name = found["found"][0]["agent"]["name"]
    out = run("agents", "search", "engineer").out
    assert name in out
    assert found["problem"]["message"] in out
    assert run("agents", "search", "qqqqqq").out.startswith("Nobody")


@pytest.mark.parametrize("kind", ["json", "png", "charx"])
def test_a_card_comes_in_and_goes_out(run: Run, tmp_path: Path, name: str, kind: str) -> None:
    card = corpus.some_card(30, entries=2)
    card["data"]["name"] = name
    maker = {"json": corpus.as_json, "png": corpus.as_png, "charx": corpus.as_charx}[kind]
    file = tmp_path / f"card.{kind}"
    file.write_bytes(maker(card))
    called = run("agents", "import", str(file), "--json").json["name"]
    assert run("agents", "import", str(file), "--json").json["name"] == f"{called} 2"
    assert corpus.same(
        run("agents", "export", called, "--format", "card-json", "--json").json, card
    )
    new = tmp_path / f"new.{kind}"
    made = run("agents", "export", called, "--format", f"card-{kind}", "-o", str(new), "--json")
    assert made.json["bytes"] == len(new.read_bytes())
    again = run("agents", "import", str(new), "--json").json["name"]
    assert corpus.same(run("agents", "export", again, "--format", "card-json").json, card)


def test_pictures_are_no_text(run: Run) -> None:
    packed = run("agents", "export", "Ren", "--format", "card-png", "--json").json
    assert base64.b64decode(packed["content_base64"]).startswith(b"\x89PNG")


def test_markdown_goes_out_and_in(run: Run, tmp_path: Path) -> None:
    text = run("agents", "export", "Ren").out
    assert text.startswith("---\nname: Ren\n")
    assert run("agents", "export", "Ren", "--json").json == {"format": "md", "content": text}
    file = tmp_path / "ren.md"
    file.write_text(text, encoding="utf-8")
    assert run("agents", "import", str(file), "--json").json["name"].startswith("Ren ")


def test_agents_yml_goes_both_ways(run: Run, tmp_path: Path, name: str) -> None:
    file = tmp_path / "agents.yml"
    file.write_text(
        f"agents:\n  - name: {name}\n    model: ollama:tiny\n    system_prompt: |\n"
        "      You paint.\n\n      Never long: ever.\n    room: Engawa\n"
        "    options: {temperature: 0.8, stop: [x], num_ctx: 4096}\n"
        f"  - name: {name} b\ncommon_settings:\n  chat_history_limit: 5\n"
    )
    made = run("agents", "import", str(file), "--json").json["agents"]
    assert [one["name"] for one in made] == [name, f"{name} b"]
    assert made[0]["options"] == {"temperature": 0.8, "stop": ["x"], "num_ctx": 4096}
    assert (made[0]["model"], made[1]["model"]) == ("ollama:tiny", None)
    out = tmp_path / "out.yml"
    assert run("agents", "export", name, "--format", "agents-yml", "-o", str(out)).code == 0
    before, after = load_agents(file).agents[0], load_agents(out).agents[0]
    assert after.system_prompt == before.system_prompt.strip()
    assert after.options == before.options
    assert (after.name, after.model) == (before.name, before.model)


def test_what_an_entry_has_no_field_for_becomes_its_prompt(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "ren.yml"
    run("agents", "export", "Ren", "--format", "agents-yml", "-o", str(out))
    (entry,) = load_agents(out).agents
    ren = run("agents", "show", "Ren", "--json").json
    assert entry.system_prompt.startswith(f"You are Ren, {', '.join(ren['roles'])}.")
    assert ren["body"] in entry.system_prompt


def test_the_clients_options_are_all_known() -> None:
    assert set(OPTIONS) == set(Options.model_fields)


def test_export_never_writes_over_a_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.md"
    file.write_text("mine")
    refused = run("agents", "export", "Ren", "-o", str(file))
    assert (refused.code, file.read_text()) == (1, "mine")


def test_a_file_beyond_the_limit_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    with file.open("wb") as opened:
        opened.truncate(100_000_000)
    refused = run("agents", "import", str(file))
    assert refused.code == 1
    assert "32 MB" in refused.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", ""), "name"),
        (("create", "a\nb"), "name"),
        (("create", "REN"), "REN"),
        (("create", "../x"), "without /"),
        (("delete", "Nobody"), "Nobody"),
        (("delete", "Ren Nobody/x"), "x"),
        (("delete", "Mizuho"), "Mizuho"),
        (("duplicate", "Nobody"), "Nobody"),
        (("duplicate", "Ren", "Aki"), "Aki"),
        (("export", "Nobody"), "Nobody"),
        (("export", "../../etc/passwd", "--format", "card-png"), "etc"),
        (("history", "Nobody"), "Nobody"),
        (("diff", "Ren", "99"), "99"),
        (("restore", "Nobody", "1"), "obody"),
        (("import", "/no/such/file.png"), "/no/such/file.png"),
        (("import", "/no/such/agents.yml"), "agents.yml"),
    ],
)
def test_what_is_wrong_is_one_line(run: Run, arguments: tuple[str, ...], said: str) -> None:
    refused = run("agents", *arguments, "--json")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("error: ")
    assert refused.err.count("\n") == 1
    assert said in refused.err


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("a.json", b"{", "a.json, line 1"),
        ("a.json", b'{"spec": "chara_card_v2", "data": {"name": 1}}', "data.name"),
        ("a.png", corpus.picture(), "ccv3"),
        ("a.png", corpus.picture()[:40], "a.png"),
        ("a.charx", b"PK\3\4", "a.charx"),
        ("a.md", b"---\nname: x\nroles: [\n---\n", "a.md"),
        ("a.yml", b"agents: &a [*a]", "a.yml"),
        ("a.yml", b"agents: [{name: x, colour: red}]", "colour"),
        ("a.exe", b"MZ", "a.exe"),
    ],
)
def test_a_broken_file_names_the_place(
    run: Run, tmp_path: Path, file: str, content: bytes, said: str
) -> None:
    path = tmp_path / file
    path.write_bytes(content)
    before = json.loads(run("agents", "list", "--json").out)["agents"]
    refused = run("agents", "import", str(path))
    assert refused.code == 1
    assert said in refused.err
    assert refused.err.count("\n") == 1
    assert json.loads(run("agents", "list", "--json").out)["agents"] == before


@pytest.mark.parametrize(
    "arguments",
    [("search",), ("diff", "Ren"), ("diff", "Ren", "x"), ("export", "Ren", "--format", "exe"),
     ("search", "x", "--limit", "0"), ("restore", "Ren", "0")],
)  # fmt: skip
def test_bad_usage(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("agents", *arguments).code == 2
