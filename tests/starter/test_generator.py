"""The dialogue generator: seeded, rich, with held-out wordings that never slip in."""

import itertools
import random
import re

import pytest
from jinja2.sandbox import SandboxedEnvironment

from core.starter import asking, check, dialogue, grammar, names, persona
from core.starter.persona import BUNDLED, Persona
from core.starter.wording_files import LANGUAGES, Language, lexicon, load, users

SAMPLE = 1500


def texts(split: str, seed: int = 5, count: int = SAMPLE) -> list[str]:
    drawn = itertools.islice(dialogue.stream(seed, split), count)
    return [turn.text for talk in drawn for turn in talk.turns]


def test_same_seed_same_dialogues() -> None:
    first = list(itertools.islice(dialogue.stream(3), 50))
    assert first == list(itertools.islice(dialogue.stream(3), 50))
    assert first != list(itertools.islice(dialogue.stream(4), 50))


def test_hardly_any_dialogue_comes_twice() -> None:
    drawn = itertools.islice(dialogue.stream(1), 4000)
    distinct = {tuple(turn.text for turn in talk.turns) for talk in drawn}
    assert len(distinct) > 3900


@pytest.mark.slow
def test_three_hundred_thousand_distinct_dialogues() -> None:
    drawn = itertools.islice(dialogue.stream(2), 330_000)
    distinct = {hash(tuple(turn.text for turn in talk.turns)) for talk in drawn}
    assert len(distinct) >= 300_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_group_has_held_out_wordings_of_its_own(language: str) -> None:
    for kind in ("talk", "guide"):
        for intent, group in users(language, kind).items():
            assert group["held"], intent
            train = {one for phrase in group["train"] for one in some(phrase, language)}
            held = {one for phrase in group["held"] for one in some(phrase, language)}
            assert not train & held, intent


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_kept_apart_are_in_no_training(language: Language) -> None:
    apart = [(wanted, line) for spoken, wanted, line in asking.kept_apart() if spoken == language]
    assert len(apart) > 800
    known = {*users(language, "talk"), *users(language, "guide"), dialogue.HONEST}
    assert {wanted for wanted, _line in apart} <= known
    judged = {one for _wanted, line in apart for one in some(line, language, 20)}
    files = [load(f"{language}/{name}") for name in asking.SAID]
    said = [line for file in files for text in file.values() for line in text.split("\n")[:-1]]
    assert not judged & {one for line in said for one in some(line, language, 1)}
    assert not judged & {dialogue.plain(text) for text in texts("train", seed=11)}


def some(phrase: str, language: str, count: int = 300) -> set[str]:
    """Sentences of a phrase, without the signs and capitals that typing changes."""
    rng = random.Random(0)
    drawn = {grammar.expand(phrase, rng, lexicon(language)) for _ in range(count)}
    return {re.sub(r"[\W_]", "", text.casefold()) for text in drawn}


def test_names_of_training_and_holding_never_meet() -> None:
    rng = random.Random(0)
    for language in LANGUAGES:
        assert not any(names.is_held_out(names.draw(rng, language, "train")) for _ in range(800))
        assert all(names.is_held_out(names.draw(rng, language, "held")) for _ in range(100))


def test_there_are_tens_of_thousands_of_names() -> None:
    rng = random.Random(0)
    assert len({names.draw(rng, rng.choice(LANGUAGES), "train") for _ in range(30_000)}) > 20_000


def test_held_out_roles_and_traits_stay_out_of_training() -> None:
    drawn = [talk.persona for talk in itertools.islice(dialogue.stream(9), SAMPLE)]
    for language in LANGUAGES:
        roles = set(load(f"{language}/roles")["held_roles"])
        traits = set(load(f"{language}/roles")["held_traits"])
        assert not roles & {who.role for who in drawn}
        assert not traits & {trait for who in drawn for trait in who.personality.split(", ")}


def test_transcripts_have_several_speakers_and_one_voice() -> None:
    talks = list(itertools.islice(dialogue.stream(6), 300))
    crowded = [talk for talk in talks if any("\n" in turn.text for turn in talk.turns[::2])]
    assert len(crowded) > 60
    for talk in talks:
        assert [turn.role for turn in talk.turns] == ["user", "assistant"] * (len(talk.turns) // 2)
        assert not any(turn.text.startswith(f"{talk.persona.name}: ") for turn in talk.turns[1::2])


def test_the_generator_passes_its_own_checker() -> None:
    wrong = 0
    for talk in itertools.islice(dialogue.stream(8), 400):
        for turn in talk.turns[1::2]:
            expected = check.Expected(
                turn.intent, turn.language, talk.persona, turn.user, turn.topic
            )
            wrong += bool(check.faults(turn.text, expected))
    assert wrong <= 5


def test_the_system_text_is_the_template_of_the_app() -> None:
    source = persona.TEMPLATE.read_text(encoding="utf-8")
    template = SandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(source)
    who = BUNDLED[1]
    words = {"name": who.name, "role": who.role, "tone": who.tone, "personality": who.personality}
    assert persona.system_text(who) == template.render(words).strip()
    assert persona.system_text(Persona("Ken")) == "Ken"


@pytest.mark.parametrize(
    ("phrase", "count"),
    [("a", 1), ("(a|b)c", 2), ("(a|b|)(c|d)", 6), ("(a(b|c)|d)", 3), ("<x>!", 2)],
)
def test_a_phrase_knows_how_many_sentences_it_stands_for(phrase: str, count: int) -> None:
    assert grammar.parse(phrase).count({"x": ["1", "2"]}) == count


def test_a_bracket_that_never_closes_is_refused() -> None:
    with pytest.raises(ValueError, match="never closed"):
        grammar.parse("(a|b")


def test_no_wording_has_a_slot_without_value() -> None:
    for text in texts("train") + texts("held"):
        assert not any(mark in text for mark in ("{me}", "{u}", "{c}", "{n、}", "{new}"))
