"""Changing agents: nothing is silently overwritten, nothing leaves the folder, nothing is lost."""

from __future__ import annotations

import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from core.agents import Agent, Agents
from core.agents.names import stem_of
from core.agents.parsing import parse
from core.agents.serialising import to_text
from core.errors import (
    AgentBundled,
    AgentConflict,
    AgentNotFound,
    DataFolderUnwritable,
    FileInvalid,
    FileUnusable,
    InvalidInput,
    NameTaken,
)
from core.paths import SYSTEM_AGENTS

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
HANA = Agent("Hana", roles=("cook",), body="She cooks.")

# --- the text of a file ---------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=60)
NAMES = st.from_regex(r"[A-Za-z花ж🙂][\w '🙂-]{0,30}[a-z]", fullmatch=True)
LISTS = st.lists(TEXTS, max_size=4).map(tuple)
OPTIONS = st.dictionaries(
    st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
    st.one_of(
        st.integers(-(10**9), 10**9),
        st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        TEXTS,
        st.lists(TEXTS, max_size=3),
    ),
    max_size=4,
)
AGENTS = st.builds(
    Agent,
    name=NAMES,
    description=TEXTS,
    gender=TEXTS,
    background=TEXTS,
    personalities=LISTS,
    roles=LISTS,
    tones=LISTS,
    skills=LISTS,
    tools=LISTS,
    model=st.none() | TEXTS.filter(bool),
    adapter=st.none() | TEXTS.filter(bool),
    template=TEXTS.filter(bool),
    body=TEXTS.map(str.strip),
    introduction=st.dictionaries(st.sampled_from(["en", "ja"]), TEXTS),
    options=OPTIONS,
    language=st.sampled_from(["", "en", "ja"]),
    memory=st.sampled_from(["none", "room", "agent"]),
    greetings=LISTS,
    examples=TEXTS,
    talkativeness=st.none() | st.floats(0, 1),
    avatar=st.none() | st.just("hana.avatar.png"),
    card=st.none() | st.just("hana.card.json"),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(AGENTS)
def test_every_agent_reads_back_as_it_was_written(agent):
    found = parse(to_text(agent).encode(), "x.md")
    assert replace(found, file="", revision="") == agent


def test_the_text_is_one_that_a_person_would_write():
    agent = replace(HANA, background="First.\nSecond.", options={"temperature": 0.5})
    assert to_text(agent) == (
        "---\nname: Hana\nbackground: |-\n  First.\n  Second.\nroles: [cook]\n"
        "options:\n  temperature: 0.5\n---\nShe cooks.\n"
    )


def test_no_field_is_forgotten():
    """Also one that is added to `Agent` tomorrow."""
    kept_elsewhere = {"source", "file", "revision", "body"}
    by_type = {
        "tuple[str, ...]": ("x",),
        "Mapping[str, str]": {"en": "x"},
        "Mapping[str, Any]": {"x": 1},
        "float | None": 0.5,
    }
    by_name = {"language": "ja", "memory": "none", "avatar": "a.png", "card": "a.json"}
    written = {one.name for one in fields(Agent)} - kept_elsewhere
    values = {
        one.name: by_name.get(one.name, by_type.get(str(one.type), "x"))
        for one in fields(Agent)
        if one.name in written
    }
    text = to_text(Agent(**values))
    assert {name for name in written if f"\n{name}:" not in text} == set()
    assert parse(text.encode(), "").options == {"x": 1}


# --- saving ---------------------------------------------------------------------------------------


def test_a_new_agent_is_a_file_that_its_revision_names(agents, folder):
    saved = agents.save(HANA, revision=None)
    assert agents.get("hana") == saved
    assert (saved.file, saved.source) == ("hana.md", "user")
    assert parse((folder / "hana.md").read_bytes(), "hana.md").revision == saved.revision
    assert os.listdir(folder) == ["hana.md"]


def test_a_new_agent_takes_nobodys_name(agents, folder):
    agents.save(HANA, revision=None)
    for name in ("hana", "ＨＡＮＡ", "Mizuho"):
        with pytest.raises(NameTaken):
            agents.save(replace(HANA, name=name), revision=None)
    assert os.listdir(folder) == ["hana.md"]


def test_whoever_saves_second_is_told_and_overwrites_nothing(agents):
    seen = agents.save(HANA, revision=None)
    agents.save(replace(seen, body="First."), revision=seen.revision)
    with pytest.raises(AgentConflict):
        agents.save(replace(seen, body="Second."), revision=seen.revision)
    assert agents.get("Hana").body == "First."


def test_a_file_changed_outside_is_not_overwritten(agents, folder):
    seen = agents.save(HANA, revision=None)
    (folder / "hana.md").write_text("---\nname: Hana\n---\nBy hand.\n")
    with pytest.raises(AgentConflict):
        agents.save(replace(seen, body="Second."), revision=seen.revision)
    (folder / "hana.md").write_text("---\nname: Hana\nroles: [\n---\nBroken by hand.\n")
    with pytest.raises(AgentConflict):
        agents.save(replace(seen, body="Third."), revision=agents.get("Hana").revision)
    with pytest.raises(AgentConflict):
        agents.set_avatar("Hana", PNG)
    assert os.listdir(folder) == ["hana.md"]
    assert "Broken by hand." in (folder / "hana.md").read_text()


def test_a_broken_file_can_be_mended_from_its_text(agents, folder):
    agents.save(HANA, revision=None)
    (folder / "hana.md").write_text("---\nname: Hana\nroles: [\n---\nBroken.\n")
    text, revision = agents.text("Hana")
    agents.save_text("Hana", text.replace("roles: [\n", ""), revision=revision)
    assert agents.get("Hana").body == "Broken."
    assert agents.errors() == []


def test_a_deleted_agent_is_not_saved_back(agents, folder):
    seen = agents.save(HANA, revision=None)
    agents.delete("Hana")
    with pytest.raises(AgentConflict):
        agents.save(replace(seen, body="New."), revision=seen.revision)
    assert os.listdir(folder) == []


def test_of_fifty_editors_at_once_one_wins_and_the_others_are_told(agents):
    """FAULTS 32."""
    seen = agents.save(HANA, revision=None)
    ready = threading.Barrier(50)

    def edit(number: int) -> str:
        ready.wait()
        try:
            return agents.save(replace(seen, body=f"By {number}."), revision=seen.revision).body
        except AgentConflict:
            return "conflict"

    with ThreadPoolExecutor(50) as pool:
        ends = Counter(pool.map(edit, range(50)))
    assert ends.pop("conflict") == 49
    (winner,) = ends
    assert agents.get("Hana").body == winner
    assert [version.content.split("---\n")[-1].strip() for version in agents.versions("Hana")] == [
        winner,
        "She cooks.",
    ]


def test_fifty_editors_who_read_again_all_get_their_turn(agents):
    agents.save(HANA, revision=None)

    def edit(number: int) -> None:
        while True:
            seen = agents.get("Hana")
            try:
                agents.save(replace(seen, body=f"{seen.body}\n{number}"), revision=seen.revision)
            except AgentConflict:
                continue
            return

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(edit, range(50)))
    lines = agents.get("Hana").body.splitlines()
    assert sorted(lines[1:], key=int) == [str(number) for number in range(50)]
    assert len(agents.versions("Hana")) == 51


def test_of_fifty_who_create_the_same_name_one_does(agents, folder):
    ready = threading.Barrier(50)

    def create(number: int) -> bool:
        ready.wait()
        try:
            agents.save(replace(HANA, body=str(number)), revision=None)
        except NameTaken:
            return False
        return True

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(create, range(50))) == 1
    assert os.listdir(folder) == ["hana.md"]


def test_a_bundled_agent_is_edited_as_a_copy(agents, folder):
    ren = agents.get("Ren")
    mine = agents.save(replace(ren, body="Mine."), revision=ren.revision)
    assert (mine.source, agents.get("Ren").body, os.listdir(folder)) == (
        "user",
        "Mine.",
        ["ren.md"],
    )
    with pytest.raises(AgentConflict):
        agents.save(replace(ren, body="Late."), revision=ren.revision)
    agents.delete("Ren")
    assert agents.get("Ren") == ren
    with pytest.raises(AgentBundled):
        agents.delete("Ren")


def test_an_agent_can_be_renamed_and_keeps_file_and_versions(agents, folder):
    seen = agents.save(HANA, revision=None)
    agents.save(replace(seen, name="Hanako"), revision=seen.revision)
    with pytest.raises(AgentNotFound):
        agents.get("Hana")
    assert os.listdir(folder) == ["hana.md"]
    assert [version.version for version in agents.versions("Hanako")] == [2, 1]
    with pytest.raises(NameTaken):
        agents.save(
            replace(agents.get("Hanako"), name="Ren"), revision=agents.get("Hanako").revision
        )


def test_what_is_no_agent_is_not_written_and_names_the_field(agents, folder):
    for wrong, field in (
        ({"name": ""}, "name"),
        ({"name": ".hidden"}, "name"),
        ({"name": "../../canary"}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"language": "klingon"}, "language"),
        ({"memory": "all"}, "memory"),
        ({"talkativeness": 7.0}, "talkativeness"),
        ({"avatar": "../x.png"}, "avatar"),
    ):
        with pytest.raises(FileInvalid) as refused:
            agents.save(replace(HANA, **wrong), revision=None)
        assert refused.value.params["field"] == field
    with pytest.raises(InvalidInput):
        agents.save(replace(HANA, body="\ud800"), revision=None)
    with pytest.raises(FileInvalid):
        agents.save(replace(HANA, body="x" * 300_000), revision=None)
    assert os.listdir(folder) == []


def test_a_duplicate_is_another_agent_with_the_same_picture(agents):
    agents.set_avatar("Ren", PNG)
    copy = agents.duplicate("Ren")
    assert (copy.name, copy.body, agents.avatar("Ren 2")) == ("Ren 2", agents.get("Ren").body, PNG)
    assert agents.duplicate("Ren").name == "Ren 3"
    assert agents.duplicate("Ren", "Rei").name == "Rei"
    assert len(agents.free_name("x" * 80)) == 80
    assert agents.get("Ren 2").avatar != agents.get("Ren").avatar


def test_a_full_or_read_only_folder_changes_nothing(agents, folder):
    seen = agents.save(HANA, revision=None)
    original = (folder / "hana.md").read_bytes()

    def refuse(*_given: object, **_more: object) -> None:
        raise PermissionError(13, "Permission denied")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.agents.disk.publish", refuse)
        with pytest.raises(DataFolderUnwritable):
            agents.save(replace(seen, body="New."), revision=seen.revision)
    assert (folder / "hana.md").read_bytes() == original
    assert os.listdir(folder) == ["hana.md"]
    assert agents.save(replace(seen, body="New."), revision=seen.revision).body == "New."


def test_what_a_kill_left_behind_is_swept_away_at_the_next_start(agents, folder, store, encoder):
    agents.save(HANA, revision=None)
    (folder / ".hana.md.x1.part").write_text("half")
    assert (
        Agents({"system": SYSTEM_AGENTS, "user": folder}, store, encoder).get("Hana").body
        == HANA.body
    )
    assert os.listdir(folder) == ["hana.md"]


# --- pictures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "ending"),
    [
        (PNG, ".png"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 20, ".jpg"),
        (b"GIF89a" + b"\0" * 20, ".gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", ".webp"),
    ],
)
def test_a_picture_lies_beside_the_file(agents, folder, data, ending):
    agents.save(HANA, revision=None)
    agent = agents.set_avatar("Hana", data)
    assert agent.avatar == f"hana.avatar{ending}"
    assert agents.avatar("Hana") == data
    assert agents.set_avatar("Hana", None).avatar is None
    assert agents.avatar("Hana") is None


@pytest.mark.parametrize(
    "data", [b"", b"<svg onload=alert(1)>", b"MZ\x90\0", PNG + b"\0" * 5_000_000]
)
def test_what_is_no_picture_is_refused(agents, folder, data):
    agents.save(HANA, revision=None)
    with pytest.raises(FileUnusable):
        agents.set_avatar("Hana", data)
    assert os.listdir(folder) == ["hana.md"]


# --- hostile names and paths ----------------------------------------------------------------------

PLACES = (
    "../canary.png", "../../canary.png", "..\\canary.png", "/etc/passwd.png", "/canary.png",
    "C:\\canary.png", "C:canary.png", "\\\\server\\share\\canary.png", "//server/canary.png",
    "\\\\?\\C:\\canary.png", "\\\\.\\pipe\\canary.png", "file:///canary.png", "~/canary.png",
    "~root/canary.png", "$HOME/canary.png", "%APPDATA%\\canary.png", "%2e%2e/canary.png",
    "%2e%2e%2fcanary.png", "..%2fcanary.png", "..%c0%afcanary.png", "....//canary.png",
    "..;/canary.png", ".canary.png", "..png", "...png", ". .png", "canary.png/", "canary.png\\",
    "a/b.png", "a\\b.png", "./canary.png", "canary.png::$DATA.png", "canary:stream.png",
    "con.png", "CON.png", "nul.png", "NUL .png", "aux.png", "prn.png", "com1.png", "COM9.png",
    "lpt1.png", "clock$.png", "conin$.png", "canary.png\0.png", "canary\n.png", "canary\r.png",
    "canary\t.png", "\u202egnp.png", "canary\u2028.png", "canary\u2215x.png", "canary／x.png",
    "canary＼x.png", "．．／canary.png", "a..b.png", "canary", "canary.exe", "canary.png.exe",
    "canary.svg", "canary.md", "hana.md", "canary.php", "canary.html", "*.png", "?.png",
    "<canary>.png", "can|ary.png", 'can"ary.png', "`canary`.png", "$(canary).png", ";canary.png",
    "-canary.png", "--canary.png", "#canary.png", "&canary.png", "{{canary}}.png",
    "x" * 300 + ".png",
    " canary.png", "/", "\\", "..", ".",
)  # fmt: skip
NAMES_OF_FILES = (
    "/etc/passwd", "C:\\canary", "C:canary", "\\\\srv\\share\\x",
    "//srv/share", "a/b", "a\\b", "a:stream", "canary.md::$DATA", "con", "CON", "nul", "aux.md",
    "com1", "LPT9", "prn.txt", "%2e%2e%2fcanary", "~", "~root", "$HOME", "%TEMP%",
    "canary.md", "-rf", "--help", "*", "?", "|", "<x>", '"', "`x`", "$(x)", ";x", "&x", "{{x}}",
    "a..b", "x" * 80, "花" * 80, "🙂" * 80, "ｃｏｎ", "ａ／ｂ", "a∕b", "e\u0301", "İ", "ß", "ﬁ",
    "😀", "-", "_", "--", "#x", "'", "a b  c", "名前/パス", "name.", "name ", "x.avatar.png",
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("field", ["avatar", "card"])
def test_a_hostile_place_is_refused_and_nothing_outside_is_touched(agents, folder, place, field):
    canary = folder.parent / "canary.png"
    canary.write_bytes(b"alive")
    hostile = replace(
        HANA, **{field: place if field == "avatar" else place.replace(".png", ".json")}
    )
    with pytest.raises(FileInvalid):
        agents.save(hostile, revision=None)
    (folder / "hana.md").write_text(to_text(hostile))
    with pytest.raises(AgentNotFound):
        agents.avatar("Hana")
    assert canary.read_bytes() == b"alive"


@pytest.mark.parametrize("name", NAMES_OF_FILES)
def test_a_name_like_a_path_stays_in_the_folder(agents, folder, name):
    before = {
        path: path.read_bytes() for path in folder.parent.rglob("*") if _outside(path, folder)
    }
    saved = agents.save(replace(HANA, name=name), revision=None)
    agents.set_avatar(name, PNG)
    assert agents.get(name).body == "She cooks."
    (file,) = [path for path in folder.iterdir() if path.suffix == ".md"]
    assert file.name == saved.file
    assert set(file.stem) <= set(file.stem.lower())
    assert len(os.fsencode(file.name)) <= 200
    assert file.stem.split(".")[0] not in {"con", "nul", "aux", "prn", "com1", "lpt9"}
    agents.delete(name)
    agents.restore(name, 1)
    for path, content in before.items():
        assert path.read_bytes() == content


def _outside(path, folder) -> bool:
    return path.is_file() and path.parent != folder and "engawa" not in path.name


def test_names_that_differ_never_share_a_file():
    stems = [stem_of(name) for name in NAMES_OF_FILES]
    assert len({stem_of(name.strip()) for name in NAMES_OF_FILES}) >= len(set(stems)) - 1
    for one in ("a/b", "a\\b", "a:b", "a?b"):
        assert stem_of(one) != stem_of("a b")


def test_links_in_the_folder_are_never_followed_to_write_or_to_show(agents, folder):
    canary = folder.parent / "canary.png"
    canary.write_bytes(PNG)
    (folder / "hana.md").symlink_to(canary)
    saved = agents.save(HANA, revision=None)
    assert (saved.file, canary.read_bytes()) == ("hana-2.md", PNG)
    (folder / "hana-2.avatar.png").symlink_to(canary)
    seen = agents.save(replace(saved, avatar="hana-2.avatar.png"), revision=saved.revision)
    assert agents.avatar("Hana") is None
    agents.set_avatar("Hana", PNG + b"new")
    assert agents.avatar("Hana") == PNG + b"new"
    assert canary.read_bytes() == PNG
    assert seen.avatar == "hana-2.avatar.png"


def test_an_agent_value_cannot_choose_its_place(agents, folder):
    seen = agents.save(HANA, revision=None)
    for file in ("../engawa.db", "/etc/passwd", "none.md"):
        moved = replace(seen, file=file, source="system", body=f"Now {file}.")
        seen = agents.save(moved, revision=seen.revision)
        assert (seen.file, seen.source) == ("hana.md", "user")
    assert os.listdir(folder) == ["hana.md"]
