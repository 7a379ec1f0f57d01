"""The damper with the real encoder, on wordings that it was not tuned with: what it reaches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.embedding import Encoder
from core.rooms.limits.meaning import Meaning
from core.settings import load_settings
from tests.rooms.limits import sets, talk_maker, talks_unseen as unseen
from tests.rooms.limits.measure import LOCOMO, sessions, stopped_at

SEEDS = 5

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def meaning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meaning]:
    settings = load_settings(data_dir=tmp_path_factory.mktemp("data"))
    settings.paths.prepare()
    encoder = Encoder(settings)
    yield Meaning(encoder)
    encoder.close()


def test_one_plan_in_ever_new_words_is_stopped(meaning: Meaning) -> None:
    kind = "one plan in many words"
    found = [
        stopped_at(talk_maker.loop(unseen, kind, seed), meaning.finds_circles)
        for seed in range(SEEDS)
    ]
    assert all(one is not None and one <= 6 for one in found), found


@pytest.mark.parametrize("kind", unseen.HEALTHY)
def test_healthy_talks_are_left_alone(meaning: Meaning, kind: str) -> None:
    for seed in range(SEEDS):
        assert stopped_at(talk_maker.healthy(unseen, kind, seed), meaning.finds_circles) is None


@pytest.mark.skipif(not LOCOMO.exists(), reason="the LoCoMo sessions are not here")
def test_no_recorded_session_of_people_is_stopped(meaning: Meaning) -> None:
    assert not any(stopped_at(lines, meaning.finds_circles) for lines in sessions())


@pytest.mark.parametrize("language", sets.PAIRS)
def test_games_drills_and_few_words_are_left_alone(meaning: Meaning, language: str) -> None:
    for kind, talk in sets.healthy("kept", language).items():
        assert stopped_at(talk, meaning.finds_circles) is None, kind


@pytest.mark.parametrize(("when", "least"), [("early", 28), ("late", 25)])
def test_meaning_stops_most_loops_of_unknown_kinds(meaning: Meaning, when: str, least: int) -> None:
    start = sets.START if when == "late" else 0
    made = sets.late_loops if when == "late" else sets.loops
    found = [stopped_at(talk, meaning.finds_circles) or 99 for talk in made("kept", "en").values()]
    assert sum(start < end <= start + 6 for end in found) >= least
