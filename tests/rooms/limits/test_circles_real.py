"""The damper with the real encoder, on wordings that it was not tuned with: what it reaches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.embedding import Encoder
from core.rooms.limits.damper import LOOKED_AT, goes_in_circles
from core.rooms.limits.meaning import Meaning
from core.rooms.limits.wording import Spoken
from core.settings import load_settings
from tests.rooms.limits import talk_maker, talks_unseen as unseen

LOCOMO = Path("/work/shared/data/locomo_dev.json")  # CC BY-NC 4.0: read where it lies, if it does
SEEDS = 5

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def meaning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meaning]:
    settings = load_settings(data_dir=tmp_path_factory.mktemp("data"))
    settings.paths.prepare()
    encoder = Encoder(settings)
    yield Meaning(encoder)
    encoder.close()


def stopped_at(lines: list[tuple[str, str]], meaning: Meaning) -> int | None:
    """After how many lines this talk is stopped."""
    said = [Spoken(*line) for line in lines]
    for end in range(1, len(said) + 1):
        newest = said[max(0, end - LOOKED_AT) : end]
        meant = meaning.says_nothing([line.text for line in newest])
        if goes_in_circles(said[:end], meant) or meaning.one_thought(newest):
            return end
    return None


def test_one_plan_in_ever_new_words_is_stopped(meaning: Meaning) -> None:
    kind = "one plan in many words"
    found = [stopped_at(talk_maker.loop(unseen, kind, seed), meaning) for seed in range(SEEDS)]
    assert all(one is not None and one <= 6 for one in found), found


@pytest.mark.parametrize("kind", unseen.HEALTHY)
def test_healthy_talks_are_left_alone(meaning: Meaning, kind: str) -> None:
    for seed in range(SEEDS):
        assert stopped_at(talk_maker.healthy(unseen, kind, seed), meaning) is None


@pytest.mark.skipif(not LOCOMO.exists(), reason="the LoCoMo sessions are not here")
def test_no_recorded_session_of_people_is_stopped(meaning: Meaning) -> None:
    for conversation in json.loads(LOCOMO.read_text()):
        for name, turns in conversation.get("conversation", conversation).items():
            if name.startswith("session_") and isinstance(turns, list):
                lines = [(one["speaker"], one["text"]) for one in turns]
                assert stopped_at(lines, meaning) is None, name
