"""The bundled people: each one whole, in both languages, and unlike the others."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import combinations

import pytest

from core.agents.names import name_key
from core.agents.parsing import parse
from core.agents.prompt import estimate_tokens, render_system
from core.agents.spec import Agent
from core.agents.wordmatch import haystack, match
from core.paths import SYSTEM_AGENTS
from core.rooms.first import MEMBERS
from core.starter.wording_files import tones
from core.text import LANGUAGES

PEOPLE = [parse(path.read_bytes(), path.name) for path in sorted(SYSTEM_AGENTS.glob("*.md"))]
MOST_TOKENS = 600
WANTED_ROLES = {
    "customer support",
    "teacher",
    "engineer",
    "researcher",
    "data analyst",
    "creative writer",
    "critic",
    "moderator",
}
JAPANESE = re.compile(r"[ぁ-んァ-ヶ]")

everybody = pytest.mark.parametrize("agent", PEOPLE, ids=lambda agent: agent.name)


@lru_cache(maxsize=1)
def voice_of_label() -> dict[str, str]:
    """Each tone word of the starter's wording, and the voice that it means."""
    return {label: voice for voice, row in tones("en").items() for label in row["labels"]}


def test_there_are_enough_and_each_file_is_named_after_its_agent():
    assert len(PEOPLE) >= 14
    assert [agent.file for agent in PEOPLE] == [f"{name_key(agent.name)}.md" for agent in PEOPLE]


def test_the_wanted_roles_and_the_first_rooms_members_are_there():
    assert {role for agent in PEOPLE for role in agent.roles} >= WANTED_ROLES
    assert {agent.name for agent in PEOPLE} >= set(MEMBERS)


def test_nobody_is_like_another():
    for one, other in combinations(PEOPLE, 2):
        both = f"{one.name} and {other.name}"
        assert name_key(one.name)[:2] != name_key(other.name)[:2], both  # told apart while typed
        assert set(one.roles).isdisjoint(other.roles), both
        assert set(one.tones) != set(other.tones), both
        assert voices(one) != voices(other), both


@everybody
def test_a_file_says_all_that_a_character_needs(agent: Agent):
    assert 2 < len(agent.name) <= 8
    for text in (agent.description, agent.gender, agent.background):
        assert text.strip()
    assert agent.roles
    assert agent.personalities
    assert 3 <= len(re.findall(r"[.?!](?:\s|$)", agent.body)) <= 6
    assert " never " in agent.body


@everybody
def test_tones_are_words_that_the_starter_speaks(agent: Agent):
    assert agent.tones
    assert set(agent.tones) <= set(voice_of_label())


@everybody
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_introduction_is_in_each_language(agent: Agent, language: str):
    said = agent.introduction[language]
    assert bool(JAPANESE.search(said)) is (language == "ja")
    assert (agent.name in said) is (language == "en")


@everybody
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_described_in_each_language(agent: Agent, language: str):
    assert bool(JAPANESE.search(agent.describe(language))) is (language == "ja")


@everybody
def test_the_examples_show_it_speaking_both_languages(agent: Agent):
    lines = agent.examples.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["{{user}}", "{{char}}"] * 2
    assert JAPANESE.search(lines[3])
    assert not JAPANESE.search(lines[0])


@everybody
def test_the_prompt_stays_small(agent: Agent):
    others = [person.name for person in PEOPLE]
    system = estimate_tokens(render_system(agent, agent.template, others))
    assert system + estimate_tokens(agent.examples) <= MOST_TOKENS


def voices(agent: Agent) -> frozenset[str]:
    """What the starter makes of the tone words."""
    return frozenset(voice_of_label()[tone] for tone in agent.tones)


def test_they_are_found_in_japanese():
    found = match("晩ごはんを考えてほしい", {agent.name: haystack(agent) for agent in PEOPLE})
    assert max(found, key=lambda name: found[name].score) == "Giulia"
