"""What is edited here goes into the card; everything else stays as it was."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from core.agents import Agent, Agents
from core.agents.cards.exchange import Format, export, import_file
from tests.agents.cards import corpus


def card(**data: Any) -> dict[str, Any]:
    empty = dict.fromkeys(corpus.TEXTS, "")
    lists: dict[str, Any] = {"alternate_greetings": [], "tags": [], "extensions": {"x/y": [1.0]}}
    inner = {"name": "Seraphina", **empty, **lists, **data}
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": inner}


def exported(agents: Agents, name: str) -> Any:
    content, _filename, _media = export(agents, name, Format.JSON)
    return json.loads(content)


def edit(agents: Agents, agent: Agent, **fields: Any) -> Any:
    saved = agents.save(replace(agent, **fields), revision=agent.revision)
    return exported(agents, saved.name)


def test_the_fields_of_a_card_are_those_of_an_agent(agents: Agents) -> None:
    given = card(
        description="{{char}} guards the forest.",
        personality="calm, kind；勇敢",
        scenario="A glade.",
        first_mes="*waves* Hi {{user}}",
        alternate_greetings=["", "Oh!"],
        mes_example="<START>\n{{char}}: Yes.",
        creator_notes="Not for prompts",
        tags=["fantasy"],
        system_prompt="{{original}} Be brief.",
        post_history_instructions="Stay in character.",
        extensions={"talkativeness": "0.7"},
    )
    agent = import_file(agents, corpus.as_json(given), "seraphina.json")
    assert agent.name == "Seraphina"
    assert agent.body == "Be brief.\n\n{{char}} guards the forest.\n\nStay in character."
    assert agent.personalities == ("calm", "kind", "勇敢")
    assert agent.background == "A glade."
    assert agent.greetings == ("*waves* Hi {{user}}", "Oh!")
    assert agent.examples == "<START>\n{{char}}: Yes."
    assert agent.talkativeness == 0.7
    assert "Not for prompts" not in agents.to_text(agent)
    assert "fantasy" not in agents.to_text(agent)


def test_a_card_decides_nothing_about_the_machine(agents: Agents) -> None:
    own = {"model": "hf:evil", "adapter": "x", "tools": ["shell"], "options": {"a": 1}}
    own |= {"memory": "agent", "avatar": "../x.png", "card": "/etc/passwd", "roles": ["spy"]}
    agent = import_file(agents, corpus.as_json(card(extensions={"engawa": own}, **own)), "c.json")
    assert (agent.model, agent.adapter, agent.tools, agent.options) == (None, None, (), {})
    assert (agent.memory, agent.avatar, agent.roles) == ("room", None, ("spy",))
    assert agent.card == "seraphina.card.json"


EDITS = [
    ("body", "New text", "description", "New text"),
    ("background", "Elsewhere", "scenario", "Elsewhere"),
    ("examples", "", "mes_example", ""),
    ("personalities", ("wild", "loud"), "personality", "wild, loud"),
    ("greetings", ("Ho",), "first_mes", "Ho"),
]


@pytest.mark.parametrize(("field", "value", "key", "written"), EDITS)
@pytest.mark.parametrize("seed", range(4))
def test_one_edited_field_changes_one_field(
    agents: Agents, seed: int, field: str, value: Any, key: str, written: Any
) -> None:
    given = corpus.some_card(seed)
    given["data"] |= {"system_prompt": "", "post_history_instructions": "", "mes_example": "old"}
    given["data"]["alternate_greetings"] = []
    given["data"]["first_mes"] = "old"
    agent = import_file(agents, corpus.as_json(given), "card.json")
    expected = copy.deepcopy(given)
    expected["data"][key] = written
    if key in given:  # repeated above `data` by some programs
        assert given["data"][key] == "old" or key == "description"
        if given[key] == given["data"][key]:
            expected[key] = written
    assert corpus.same(edit(agents, agent, **{field: value}), expected)


def test_instructions_stay_apart_where_the_text_between_them_changes(agents: Agents) -> None:
    given = card(description="Middle", system_prompt="First", post_history_instructions="Last")
    agent = import_file(agents, corpus.as_json(given), "card.json")
    data = edit(agents, agent, body="First\n\nAnother middle\n\nLast")["data"]
    assert data["description"] == "Another middle"
    assert (data["system_prompt"], data["post_history_instructions"]) == ("First", "Last")
    agent = agents.get("Seraphina")
    data = edit(agents, agent, body="All new")["data"]
    assert data["description"] == "All new"
    assert (data["system_prompt"], data["post_history_instructions"]) == ("", "")


def test_what_a_card_has_no_field_for_stands_in_the_extensions(agents: Agents) -> None:
    agent = import_file(agents, corpus.as_json(card(description="Text")), "card.json")
    fields = {"roles": ("guard",), "tones": ("soft",), "gender": "female", "language": "ja"}
    data = edit(agents, agent, description="A guard.", **fields)["data"]
    own = data["extensions"].pop("engawa")
    assert own == {"roles": ["guard"], "tones": ["soft"], "gender": "female", "language": "ja",
                   "description": "A guard."}  # fmt: skip
    assert data["extensions"] == {"x/y": [1.0]}
    assert data["description"] == "A guard.\n\nText"


@pytest.mark.parametrize(("was", "written"), [("0.5", "0.9"), (0.5, 0.9)])
def test_talkativeness_stays_text_or_number(agents: Agents, was: Any, written: Any) -> None:
    agent = import_file(
        agents, corpus.as_json(card(extensions={"talkativeness": was})), "card.json"
    )
    assert edit(agents, agent, talkativeness=0.9)["data"]["extensions"]["talkativeness"] == written


def test_the_same_name_never_overwrites(agents: Agents) -> None:
    given = [card(description=f"Number {n}") for n in range(3)]
    names = [import_file(agents, corpus.as_json(one), "c.json").name for one in given]
    assert names == ["Seraphina", "Seraphina 2", "Seraphina 3"]
    for name, one in zip(names, given, strict=True):
        assert agents.get(name).body == one["data"]["description"]
        assert corpus.same(exported(agents, name), one)


def test_a_bundled_agent_is_not_overwritten_either(agents: Agents) -> None:
    before = agents.get("Ren")
    given = card(name="ＲＥＮ")
    assert import_file(agents, corpus.as_json(given), "ren.json").name == "ＲＥＮ 2"
    assert agents.get("Ren") == before


def test_pictures_of_equal_names_stay_apart(agents: Agents) -> None:
    pictures = [corpus.picture(side) for side in (3, 4)]
    names = []
    for image in pictures:
        chunk = corpus.text_chunk("chara", corpus.packed(card()))
        names.append(import_file(agents, image[:-12] + chunk + image[-12:], "c.png").name)
    assert [agents.avatar(name) for name in names] == pictures


def test_a_nickname_is_what_it_is_called(agents: Agents) -> None:
    given = card(name="Seraphina of the Glade", nickname="Sera", group_only_greetings=[])
    given |= {"spec": "chara_card_v3", "spec_version": "3.0"}
    agent = import_file(agents, corpus.as_json(given), "c.json")
    assert agent.name == "Sera"
    assert corpus.same(exported(agents, "Sera"), given)
    data = edit(agents, agent, name="Seri")["data"]
    assert (data["name"], data["nickname"]) == ("Seraphina of the Glade", "Seri")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("AC/DC", "AC／DC"),
        ("../../etc/passwd", "／..／etc／passwd"),
        ("C:\\x", "C:＼x"),
        ("  a\nb\tc ", "a b c"),
        ("x" * 200, "x" * 80),
        ("\u202eneR", "neR"),
        ("\ud800Ren\x00", "Ren"),
        (".hidden", "hidden"),
    ],
)
def test_a_name_is_made_fit_and_the_cards_own_stays(agents: Agents, name: str, shown: str) -> None:
    given = card(name=name)
    agent = import_file(agents, corpus.as_json(given), "c.json")
    assert agent.name.removesuffix(" 2") == shown
    assert corpus.same(exported(agents, agent.name), given)


def test_a_copy_keeps_the_card(agents: Agents) -> None:
    given = corpus.some_card(11, entries=2)
    agent = import_file(agents, corpus.as_json(given), "c.json")
    copied = agents.duplicate(agent.name)
    assert corpus.same(exported(agents, copied.name), given)


def test_an_agent_made_here_becomes_a_version_3_and_comes_back(agents: Agents) -> None:
    made = agents.save(
        Agent(
            name="Botan",
            description="A painter.",
            gender="male",
            background="Paints boats.",
            personalities=("calm", "patient"),
            roles=("artist",),
            tones=("soft",),
            skills=("painting",),
            body="You speak in pictures.\n\nNever long.",
            greetings=("Hello.", "Again?"),
            examples="A: hi",
            talkativeness=0.25,
            language="en",
            introduction={"en": "I paint.", "ja": "描きます。"},
            model="ollama:tiny",
        ),
        revision=None,
    )
    agents.set_avatar("Botan", corpus.picture())
    content, filename, media = export(agents, "Botan", Format.PNG)
    assert (filename, media) == ("botan.png", "image/png")
    again = import_file(agents, content, filename)
    machine = {"model": "ollama:tiny", "card": None, "avatar": None}
    place = {"name": "Botan", "file": made.file, "revision": made.revision}
    assert replace(again, **place, **machine) == made
    raw = exported(agents, "Botan")
    assert (raw["spec"], raw["spec_version"]) == ("chara_card_v3", "3.0")
    assert raw["data"]["description"].startswith("A painter.\n\nYou speak")
    assert "ollama" not in json.dumps(raw)


def test_every_bundled_agent_becomes_a_card(agents: Agents) -> None:
    for number, agent in enumerate(agents.list()):
        for format_ in Format if number < 2 else (Format.JSON,):
            content, filename, _media = export(agents, agent.name, format_)
            again = import_file(agents, content, filename)
            same = ("body", "description", "roles", "tones", "personalities", "introduction")
            for field in same:
                assert getattr(again, field) == getattr(agent, field), (agent.name, format_, field)
            agents.delete(again.name)


def test_markdown_goes_out_and_in(agents: Agents) -> None:
    content, filename, media = export(agents, "Ren", Format.MARKDOWN)
    assert (filename, media) == ("ren.md", "text/markdown; charset=utf-8")
    again = import_file(agents, content, filename)
    assert again.name == "Ren 2"
    assert again.body == agents.get("Ren").body


def test_a_lost_card_is_made_anew(agents: Agents) -> None:
    agent = import_file(agents, corpus.as_json(card(description="Text")), "card.json")
    assert agent.card is not None
    for content in (b"{broken", None):
        path = agents.folder / agent.card
        path.unlink() if content is None else path.write_bytes(content)
        raw = exported(agents, agent.name)
        assert (raw["spec"], raw["data"]["description"]) == ("chara_card_v3", "Text")
