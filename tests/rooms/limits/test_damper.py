"""Talks that go in circles are stopped, healthy ones are not."""

from __future__ import annotations

import random
import time
from itertools import chain, cycle, islice
from types import ModuleType

import pytest

from core.rooms.limits.damper import goes_in_circles
from core.rooms.limits.wording import Spoken
from tests.rooms.limits import (
    sets,
    talk_maker,
    talks,
    talks_fresh as fresh,
    talks_seen as seen,
    talks_unseen as unseen,
)
from tests.rooms.limits.measure import LOCOMO, sessions, stopped_at


@pytest.mark.parametrize("seed", range(200))
def test_a_loop_is_stopped_within_six_turns(seed: int) -> None:
    found = stopped_at(talks.loop(random.Random(seed)))
    assert found is not None
    assert found <= 6


@pytest.mark.parametrize("seed", range(200))
def test_a_healthy_talk_is_left_alone(seed: int) -> None:
    assert stopped_at(talks.healthy(random.Random(seed))) is None


def test_one_who_repeats_itself_alone_is_no_loop() -> None:
    lines = list(islice(cycle([("Ren", "Thank you!")]), 8))
    assert stopped_at(lines) is None


def test_meanings_see_what_words_do_not() -> None:
    texts = [
        "gorgeous sunrise",
        "lovely dawn",
        "splendid daybreak",
        "pretty morning glow",
        "radiant aurora",
        "bright sunup",
    ]
    lines = [Spoken("Ren" if n % 2 else "Aki", text) for n, text in enumerate(texts)]
    assert not goes_in_circles(lines)
    assert goes_in_circles(lines, [False, True, True, True, True, True])
    assert not goes_in_circles(lines, [True, True, True, True, True, False])


def test_two_who_only_admire_each_other_beside_a_third_are_a_loop() -> None:
    for seed in range(10):
        assert stopped_at(talk_maker.loop(seen, "a pair beside one who works", seed)) is not None


# Paraphrases are for the encoder: words cannot see that they say the same.
IN_WORDS = [kind for kind in talk_maker.loop_kinds(seen) if not kind.startswith(("one ", "a "))]
UNKNOWN = [
    (words, kind)
    for words in (unseen, fresh)
    for kind in (*words.LOOPS, "echo")
    if not kind.startswith("one ") and not kind.endswith(" again")
]


@pytest.mark.parametrize("kind", IN_WORDS)
def test_known_wordings_of_loops_are_stopped_within_six_turns(kind: str) -> None:
    found = [stopped_at(talk_maker.loop(seen, kind, seed)) or 99 for seed in range(20)]
    assert sum(one <= 6 for one in found) == 20


@pytest.mark.parametrize(("words", "kind"), UNKNOWN)
def test_unknown_wordings_of_loops_are_stopped_within_six_turns(
    words: ModuleType, kind: str
) -> None:
    found = [stopped_at(talk_maker.loop(words, kind, seed)) or 99 for seed in range(8)]
    assert sum(one <= 6 for one in found) >= 4


@pytest.mark.parametrize(
    ("words", "kind"), [(words, kind) for words in (seen, unseen, fresh) for kind in words.HEALTHY]
)
def test_healthy_talks_of_all_wordings_are_left_alone(words: ModuleType, kind: str) -> None:
    for seed in range(20):
        assert stopped_at(talk_maker.healthy(words, kind, seed)) is None, seed


@pytest.mark.skipif(not LOCOMO.exists(), reason="the LoCoMo sessions are not here")
def test_no_recorded_session_of_people_is_stopped_forwards_or_backwards() -> None:
    found = [stopped_at(lines) for lines in sessions()]
    assert found == [None] * 256


# How many of a hundred loops in wordings of other kinds it must stop within six lines.
KEPT = {("en", "early"): 60, ("en", "late"): 50, ("ja", "early"): 60, ("ja", "late"): 55}


@pytest.mark.parametrize(("language", "when"), KEPT)
def test_loops_of_unknown_kinds_are_stopped_wherever_they_begin(language: str, when: str) -> None:
    start = sets.START if when == "late" else 0
    made = sets.late_loops if when == "late" else sets.loops
    found = [stopped_at(talk) or 99 for talk in made("kept", language).values()]
    assert all(end > start for end in found)
    assert sum(end <= start + 6 for end in found) * 100 >= KEPT[language, when] * len(found)


@pytest.mark.parametrize("language", sets.PAIRS)
@pytest.mark.parametrize("use", ["fit", "kept"])
def test_games_drills_and_few_words_are_no_loops(language: str, use: str) -> None:
    for kind, talk in sets.healthy(use, language).items():
        assert stopped_at(talk) is None, kind


def test_looking_costs_less_than_a_millisecond() -> None:
    words = sets.healthy("kept", "en").values()
    lines = [Spoken(*line) for line in chain.from_iterable(words)][:50]
    goes_in_circles(lines[:-1])
    began = time.process_time()
    for _ in range(20):
        goes_in_circles(lines)
    assert (time.process_time() - began) / 20 < 0.005  # alone 0.7 ms
