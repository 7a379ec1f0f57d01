"""The richer ways to ask: whole, for every intent, apart from the held-out lines."""

import random
import re

import pytest

from core.starter import asking, dialogue, grammar
from core.starter.wording_files import LANGUAGES, Language, lexicon, load, users

DRAWN = 150
SAID = 90  # sentences of an intent, at least
SLOT = re.compile(r"\{(\w+)\}")
SLOTS = {"me", "new", "u0"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_and_topic_has_them(language: Language) -> None:
    for kind in ("talk", "guide"):
        assert [one for one in users(language, kind) if not asking.has(language, one)] == []
    assert asking.has(language, dialogue.HONEST)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_frame_has_one_place(language: Language) -> None:
    rng = random.Random(0)
    for text in load(f"{language}/frames").values():
        for frame in text.splitlines():
            assert {grammar.expand(frame, rng, {}).count("_") for _ in range(40)} == {1}, frame


@pytest.mark.parametrize("language", LANGUAGES)
def test_they_never_give_a_held_out_line(language: Language) -> None:
    rng, words = random.Random(0), lexicon(language)
    for kind in ("talk", "guide"):
        groups = users(language, kind)
        held = {
            dialogue.plain(grammar.expand(line, rng, words))
            for group in groups.values()
            for line in group["held"]
            for _ in range(60)
        }
        held |= second_set(language)
        for intent in groups:
            lines = {asking.draw(rng, language, intent, words) for _ in range(DRAWN)}
            lines |= set(each_phrase(language, intent))
            assert not {dialogue.plain(line) for line in lines} & held, intent


def second_set(language: Language) -> set[str]:
    return {dialogue.plain(one) for group in load(f"{language}/second").values() for one in group}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_second_set_is_whole_and_apart_from_every_training_phrase(language: Language) -> None:
    rng, words, oos = random.Random(2), lexicon(language), load(f"{language}/oos")
    groups = users(language, "talk") | users(language, "guide")
    assert set(load(f"{language}/second")) == {*groups, dialogue.HONEST}
    train = [line for group in groups.values() for line in group["train"]]
    drawn = {grammar.expand(line, rng, words) for line in train for _ in range(60)}
    drawn |= {grammar.expand(line, rng, oos["lists"]) for line in oos["train"] for _ in range(60)}
    drawn |= {asking.draw(rng, language, dialogue.HONEST, oos["lists"]) for _ in range(3000)}
    assert not {dialogue.plain(line) for line in drawn} & second_set(language)


def each_phrase(language: Language, intent: str) -> list[str]:
    """Every phrase of an intent, rare ones too, expanded some times."""
    rng, words = random.Random(1), lexicon(language)
    texts = [load(f"{language}/{name}").get(intent, {}) for name in asking.FILES]
    phrases = [line for kinds in texts for text in kinds.values() for line in text.splitlines()]
    phrases += said(language).get(intent, [])
    return [grammar.expand(line, rng, words) for line in phrases for _ in range(30)]


def said(language: Language) -> dict[str, list[str]]:
    found = [load(f"{language}/{name}").items() for name in asking.SAID]
    return {intent: text.splitlines() for group in found for intent, text in group}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_has_many_sentences_and_none_means_two_things(language: Language) -> None:
    sentences = said(language)
    groups = users(language, "talk") | users(language, "guide")
    assert set(sentences) == {*groups, dialogue.HONEST}
    assert {intent for intent, lines in sentences.items() if len(lines) < SAID} == set()
    every = [line for lines in sentences.values() for line in lines]
    assert len(every) == len(set(every))
    rng = random.Random(3)
    for line in every:
        assert set(SLOT.findall(line)) <= SLOTS, line
        assert not set(grammar.expand(line, rng, {})) & set("()|<>_"), line


def test_the_same_frames_stand_around_what_cannot_be_answered() -> None:
    rng = random.Random(0)
    words = load("en/oos")["lists"]
    asked = [asking.draw(rng, "en", dialogue.HONEST, words) for _ in range(400)]
    app = [asking.draw(rng, "en", "rooms", lexicon("en")) for _ in range(400)]
    for beginning in ("how ", "what ", "where "):
        assert any(line.startswith(beginning) for line in asked), beginning
        assert any(line.startswith(beginning) for line in app), beginning
