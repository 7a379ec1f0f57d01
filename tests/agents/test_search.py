"""Search: by words in any language, by meaning where there is an encoder; each says why."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select

from core.agents import Agent, Agents
from core.errors import EncoderAway
from core.paths import SYSTEM_AGENTS
from core.settings import load_settings
from core.store.tables import agent_index
from core.text import speaking

HANA = Agent("Hana", roles=("cook",), description="Knows every noodle shop in Kyoto.")
KEN = Agent("Ken", roles=("engineer",), background="Repairs radios at night.")
YUKI = Agent(
    "雪", roles=("料理人",), body="京都の町で蕎麦を打ち、仕込みのことならなんでも知っています。"
)


class ByTopic:
    """An encoder in the encoder's place: one direction for each topic that a text is about."""

    english = False

    def __init__(self, away: bool = False) -> None:
        self.name = "topics"
        self.ready = not away
        self.away = away
        self.texts: list[str] = []
        self.hold = threading.Event()
        self.hold.set()

    def warm(self) -> None:
        pass

    def encode(self, texts: Sequence[str], *, wait_s: float = 60.0) -> np.ndarray:
        if self.away or not self.hold.wait(wait_s):
            raise EncoderAway(model=self.name, detail="it is not installed")
        self.texts += texts
        topics = (("cook", "noodle", "food", "hungry"), ("radio", "engineer", "electronics"))
        rows = [
            [1e-3, *(float(any(w in text.lower() for w in t)) for t in topics)] for text in texts
        ]
        found = np.array(rows, "<f4")
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    def close(self) -> None:
        self.hold.set()


@pytest.fixture
def topics() -> ByTopic:
    return ByTopic()


@pytest.fixture
def people(folder, store, topics) -> Iterator[Agents]:
    folders = {"system": folder / "none", "user": folder}
    opened = Agents(folders, store, topics)
    for agent in (HANA, KEN, YUKI):
        opened.save(agent, revision=None)
    yield opened
    opened.close()


def names(found) -> list[str]:
    return [one.agent.name for one in found]


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("somebody who knows about radios", "Ken"),
        ("RADIO", "Ken"),
        ("noodles in kyoto", "Hana"),
        ("hana", "Hana"),
        ("ｃｏｏｋ", "Hana"),
        ("蕎麦", "雪"),
        ("蕎麦のことを知っている料理人はいますか", "雪"),
        ("雪", "雪"),
        ("なんでも", "雪"),
    ],
)
def test_words_are_found_in_english_and_japanese(people, topics, text, first):
    topics.away = True
    found = people.search(text)
    assert names(found)[0] == first
    assert "not installed" in found[0].why
    assert 0 < found[0].score <= 1


def test_what_nobody_is_finds_nobody(people, topics):
    topics.away = True
    for text in ("zeppelin", "飛行船", "!!!", "   ", "\0", "((((", "%_", "' OR 1=1 --"):
        assert people.search(text) == []


def test_a_result_says_which_word_stands_where_in_the_readers_language(people, topics):
    topics.away = True
    assert "“radio” in background" in people.search("radio")[0].why
    with speaking("ja"):
        why = people.search("radio")[0].why
    assert "background に「radio」" in why
    assert "言葉だけ" in why


def test_the_bundled_people_are_found_by_role(agents):
    assert "Ren" in names(agents.search("engineer", 5))
    assert len(agents.search("the a of and who", 3)) <= 3


def test_an_absent_encoder_is_told_with_a_next_step(agents):
    assert agents.search("engineer")
    problem = agents.search_problem()
    assert isinstance(problem, EncoderAway)
    assert "doctor" in problem.hint()


# --- meaning --------------------------------------------------------------------------------------


def test_meaning_finds_what_no_word_says(people):
    (found,) = people.search("I am hungry")
    assert (found.agent.name, found.why) == ("Hana", "by meaning")
    assert people.search("electronics")[0].agent.name == "Ken"
    assert people.search_problem() is None
    both = people.search("radio")[0]
    assert "by meaning, and by words" in both.why
    assert both.score > found.score


def test_only_what_changed_is_read_again(people, topics, folder):
    people.search("food")
    topics.texts.clear()
    people.search("food")
    assert topics.texts == ["food"]
    hana = people.get("Hana")
    people.save(replace(hana, description="Now about radio."), revision=hana.revision)
    people.save(replace(people.get("Ken"), model="x"), revision=people.get("Ken").revision)
    topics.texts.clear()
    assert set(names(people.search("electronics"))) == {"Ken", "Hana"}
    assert [text[:5] for text in topics.texts] == ["Hana:", "elect"]


def test_vectors_survive_a_restart_and_follow_deletions_and_the_encoder(people, store, folder):
    people.search("food")
    people.delete("Ken")
    later = ByTopic()
    again = Agents({"system": folder / "none", "user": folder}, store, later)
    again.search("food")
    again.close()
    assert later.texts == ["food"]
    with store.read() as conn:
        assert set(conn.scalars(select(agent_index.c.name))) == {"Hana", "雪"}
    other = ByTopic()
    other.name = "another"
    again = Agents({"system": folder / "none", "user": folder}, store, other)
    again.search("food")
    again.close()
    assert len(other.texts) == 3


def test_nobody_waits_for_an_encoder_that_loads(people, topics):
    topics.hold.clear()
    topics.ready = False
    (found,) = people.search("radio", wait_s=0)
    assert "still loading" in found.why
    topics.hold.set()
    topics.ready = True
    assert people.search("I am hungry")[0].why == "by meaning"


def test_an_english_encoder_is_not_asked_about_other_scripts(people, topics):
    topics.english = True
    assert names(people.search("蕎麦")) == ["雪"]
    assert topics.texts == []
    assert people.search_problem() is None


def test_a_start_reads_nothing_for_the_search(workbench):
    assert workbench.agents.list()
    with workbench.store.read() as conn:
        assert conn.execute(select(agent_index)).first() is None


@pytest.mark.slow
def test_the_installed_encoder_finds_the_bundled_people_by_meaning(store, folder, data_paths):
    from core.embedding import Encoder

    folders = {"system": SYSTEM_AGENTS, "user": folder}
    opened = Agents(folders, store, Encoder(load_settings(data_dir=data_paths.root)))
    try:
        found = opened.search("my radio is broken, who can repair it?", wait_s=110)
        assert "by meaning" in found[0].why, json.dumps([one.why for one in found])
        assert "Ren" in names(found)[:3]
    finally:
        opened.close()
