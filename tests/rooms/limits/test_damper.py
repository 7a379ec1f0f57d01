"""Talks that go in circles are stopped, healthy ones are not."""

from __future__ import annotations

import json
import random
from itertools import cycle, islice
from pathlib import Path
from types import ModuleType

import pytest

from core.rooms.limits.damper import goes_in_circles
from core.rooms.limits.wording import Spoken
from tests.rooms.limits import (
    talk_maker,
    talks,
    talks_fresh as fresh,
    talks_seen as seen,
    talks_unseen as unseen,
)

LOCOMO = Path("/work/shared/data/locomo_dev.json")  # CC BY-NC 4.0: read where it lies, if it does


def stopped_at(lines: list[tuple[str, str]]) -> int | None:
    """After how many lines the damper stops this talk."""
    said = [Spoken(*line) for line in lines]
    return next((end for end in range(1, len(said) + 1) if goes_in_circles(said[:end])), None)


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
# Of `fresh`: idioms that look like content.
WEAK = ("ja thanks", "ja praise", "flattery by machines")


@pytest.mark.parametrize("kind", IN_WORDS)
def test_known_wordings_of_loops_are_stopped_within_six_turns(kind: str) -> None:
    found = [stopped_at(talk_maker.loop(seen, kind, seed)) or 99 for seed in range(20)]
    assert sum(one <= 6 for one in found) == 20


@pytest.mark.parametrize(("words", "kind"), UNKNOWN)
def test_unknown_wordings_of_loops_are_stopped_within_six_turns(
    words: ModuleType, kind: str
) -> None:
    if words is fresh and kind in WEAK:
        pytest.xfail("idioms of praise are taken for content")
    found = [stopped_at(talk_maker.loop(words, kind, seed)) or 99 for seed in range(8)]
    assert sum(one <= 6 for one in found) >= 4


@pytest.mark.parametrize(
    ("words", "kind"), [(words, kind) for words in (seen, unseen, fresh) for kind in words.HEALTHY]
)
def test_healthy_talks_of_all_wordings_are_left_alone(words: ModuleType, kind: str) -> None:
    for seed in range(20):
        assert stopped_at(talk_maker.healthy(words, kind, seed)) is None, seed


@pytest.mark.skipif(not LOCOMO.exists(), reason="the LoCoMo sessions are not here")
def test_no_recorded_session_of_people_is_stopped() -> None:
    for conversation in json.loads(LOCOMO.read_text()):
        for name, turns in conversation.get("conversation", conversation).items():
            if name.startswith("session_") and isinstance(turns, list):
                assert stopped_at([(one["speaker"], one["text"]) for one in turns]) is None, name
