"""agents.yml: what is understood, and line, field, expected and found of what is not."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from core.client.agents_file import load_agents
from core.client.yaml_file import MAX_BYTES
from core.errors import ConfigInvalid
from core.providers.base import GenerationOptions

GOOD = """\
agents:
  - name: Haru
    model: ollama:tiny
    system_prompt: You are Haru.
    options: {temperature: 0.5, num_predict: 40, num_ctx: 2048, top_k: 20, stop: [END]}
    room: Tea
  - name: 瑞穂
common_settings:
  chat_history_limit: 5
  response_delay_ms: 250
"""


def written(tmp_path: Path, content: str | bytes) -> Path:
    file = tmp_path / "agents.yml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    loaded = load_agents(written(tmp_path, GOOD))
    haru, mizuho = loaded.agents
    assert (haru.name, haru.model, haru.room) == ("Haru", "ollama:tiny", "Tea")
    assert (mizuho.name, mizuho.model, mizuho.room) == ("瑞穂", "starter", None)
    assert loaded.common_settings.chat_history_limit == 5
    assert loaded.common_settings.response_delay_ms == 250
    options = haru.options.generation(GenerationOptions(first_token_s=7))
    assert (options.max_tokens, options.context_tokens) == (40, 2048)
    assert (options.temperature, options.stop, options.first_token_s) == (0.5, ("END",), 7)
    assert options.extra == {"top_k": 20}


@pytest.mark.parametrize(
    "content", ["agents: [{name: A}]", "\ufeffagents:\r\n- name: A\r\ncommon_settings:\r\n"]
)
def test_the_least_that_is_needed(tmp_path: Path, content: str) -> None:
    loaded = load_agents(written(tmp_path, content))
    assert loaded.agents[0].options.generation(GenerationOptions()) == GenerationOptions()
    assert loaded.common_settings.chat_history_limit == 20


def test_one_name_in_two_rooms_is_two_agents(tmp_path: Path) -> None:
    text = "agents:\n- {name: A, room: x}\n- {name: A, room: y}\n- {name: B, room: x}\n"
    by_room = load_agents(written(tmp_path, text)).by_room()
    assert {room: len(entries) for room, entries in by_room.items()} == {"x": 2, "y": 1}


BROKEN: list[tuple[str | bytes, int, str, str]] = [
    # content, line, field, a word of what is expected or found
    ("", 1, "file", "empty"),
    ("- a\n- b\n", 1, "file", "list"),
    ("agents: []\n", 1, "agents", "at least 1"),
    ("agents: 3\n", 1, "agents", "tuple"),
    ("other: 1\n", 1, "agents", "nothing"),
    ("agents:\n- name: A\n  modle: x\n", 3, "agents[1].modle", "one of name, model"),
    ("agents:\n- name: A\nextra: 1\n", 3, "extra", "one of agents"),
    ("agents:\n- model: x\n", 2, "agents[1].name", "nothing"),
    ("agents:\n- name: ''\n", 2, "agents[1].name", "at least 1"),
    ("agents:\n- name: '  '\n", 2, "agents[1].name", "one line"),
    ('agents:\n- name: "a\\nb"\n', 2, "agents[1].name", "one line"),
    ("agents:\n- name: " + "x" * 81 + "\n", 2, "agents[1].name", "at most 80"),
    ("agents:\n- name: 7\n", 2, "agents[1].name", "string"),
    ("agents:\n- name: yes\n", 2, "agents[1].name", "True"),
    ("agents:\n- name: A\n\n- name: a\n", 4, "agents[2].name", "line 2"),
    ("agents:\n- name: A\n- name: Ａ\n", 3, "agents[2].name", "line 2"),
    ("agents:\n- name: A\n  name: B\n", 3, "name", "twice"),
    (
        "agents:\n- name: A\n  options: {temperature: hot}\n",
        3,
        "agents[1].options.temperature",
        "hot",
    ),
    ("agents:\n- name: A\n  options:\n    top_p: 1.5\n", 4, "agents[1].options.top_p", "1.5"),
    (
        "agents:\n- name: A\n  options: {temperature: .nan}\n",
        3,
        "agents[1].options.temperature",
        "finite",
    ),
    ("agents:\n- name: A\n  options: {heat: 1}\n", 3, "agents[1].options.heat", "temperature"),
    ("agents:\n- name: A\n  options: [1]\n", 3, "agents[1].options", "[1]"),
    (
        "agents:\n- name: A\ncommon_settings:\n  response_delay_ms: -1\n",
        4,
        "common_settings.response_delay_ms",
        "-1",
    ),
    (
        "agents:\n- name: A\ncommon_settings:\n  typo: 1\n",
        4,
        "common_settings.typo",
        "chat_history_limit",
    ),
    ("agents:\n- &a {name: A}\n- *a\n", 2, "YAML", "anchor"),
    ("agents: &a [*a]\n", 1, "YAML", "anchor"),
    ("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", 1, "YAML", "anchor"),
    ("agents:\n- !!python/object/apply:os.system ['true']\n", 2, "YAML", "tag"),
    ("agents:\n- !thing {name: A}\n", 2, "YAML", "tag"),
    ("agents:\n- name: !!str A\n", 2, "YAML", "tag"),
    ("agents: " + "[" * 1000 + "]" * 1000 + "\n", 1, "YAML", "levels"),
    ("agents:\n- name: A\n--- \nagents: []\n", 3, "YAML", "second"),
    ("agents:\n- name: A\n\tmodel: x\n", 3, "YAML", "\\t"),
    ("agents:\n- name: [A\n", 3, "YAML", ""),
    ("agents:\n- name: 'A\n", 3, "YAML", "end of stream"),
    (b"agents:\n- name: \xff\xfe\n", 2, "file", "UTF-8"),
    (b"agents:\n- name: \x00\n", 1, "YAML", "character"),
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), 1, "file", "UTF-8"),
    (b"#" * (MAX_BYTES + 1), 1, "file", "256 KB"),
    ("agents:\n- name: A\n  room: 2026-99-99\n", 1, "YAML", "month"),
    ("agents:\n- name: A\n  options: {seed: " + "9" * 5000 + "}\n", 1, "YAML", "digits"),
]


@pytest.mark.parametrize(
    ("content", "line", "field", "word"),
    BROKEN,
    ids=[f"{i}-{row[2]}" for i, row in enumerate(BROKEN)],
)
def test_a_broken_file_is_named_precisely(
    tmp_path: Path, content: str | bytes, line: int, field: str, word: str
) -> None:
    file = written(tmp_path, content)
    with pytest.raises(ConfigInvalid) as caught:
        load_agents(file)
    params = caught.value.params
    assert (params["line"], params["field"]) == (line, field)
    assert word in str(params["expected"]) + str(params["found"])
    assert str(file) in caught.value.message()


@pytest.mark.parametrize("name", ["nothing.yml", "."])
def test_no_such_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigInvalid, match="can be read"):
        load_agents(tmp_path / name)


def test_mutations_never_raise_anything_else(tmp_path: Path) -> None:
    """Three hundred broken copies, each read or refused with its line, and quickly."""
    chance = random.Random(7)
    pieces = [
        "&a ",
        "*a",
        "!!x ",
        "{",
        "}",
        "[",
        "]",
        ":",
        "\t",
        "\x00",
        "- ",
        "---\n",
        "'",
        '"',
        "<<: ",
    ]
    began = time.monotonic()
    refused = []
    for _number in range(300):
        text = GOOD
        for _change in range(chance.randint(1, 4)):
            at = chance.randrange(len(text))
            cut = at + chance.choice((0, 0, 1, 5, 40))
            text = text[:at] + chance.choice(pieces) + text[cut:]
        try:
            load_agents(written(tmp_path, text))
        except ConfigInvalid as error:
            refused.append((error.params["line"], text.count("\n") + 2))
    assert len(refused) > 150
    assert all(1 <= line <= last for line, last in refused)
    assert time.monotonic() - began < 30
