"""The bundled people: each one whole, in both languages, and unlike the others."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import combinations

import pytest

from core.agents import Agents
from core.agents.files import name_key
from core.agents.prompt import estimate_tokens, render_system
from core.agents.spec import Agent
from core.paths import SYSTEM_AGENTS
from core.rooms.first import MEMBERS
from core.starter.wording_files import tones
from core.text import LANGUAGES

PEOPLE = Agents({"system": SYSTEM_AGENTS}).list()
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


def test_every_file_is_read():
    agents = Agents({"system": SYSTEM_AGENTS})
    assert len(agents.list()) == len(list(SYSTEM_AGENTS.glob("*.md"))) >= 14
    assert agents.errors() == []


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
def test_the_prompt_stays_small(agent: Agent):
    others = [person.name for person in PEOPLE]
    assert estimate_tokens(render_system(agent, agent.template, others)) <= MOST_TOKENS


def voices(agent: Agent) -> frozenset[str]:
    """What the starter makes of the tone words."""
    return frozenset(voice_of_label()[tone] for tone in agent.tones)
