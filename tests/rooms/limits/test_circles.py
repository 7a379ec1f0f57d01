"""Agents that go in circles by meaning: noticed beside the talk, which never waits for it."""

from __future__ import annotations

import threading
import time
from itertools import count
from pathlib import Path

import pytest

from core.rooms.limits.meaning import Meaning
from core.rooms.limits.wording import Spoken
from testing.scripted_encoder import ScriptedEncoder
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench
from tests.rooms.limits import talks_fresh

ROOM = "Engawa"
LOCOMO = Path("/work/shared/data/locomo_dev.json")
DAWN = ("sunrise", "dawn", "daybreak", "morning", "aurora", "first light", "sunup", "cockcrow")
OTHERS = ("ferry", "violin", "walnut", "glacier", "printer", "badger", "harbour", "lantern")
OF_DAWN = tuple(f"this {one} is for {word}" for word, one in zip(DAWN, OTHERS, strict=True))


class Saying(ScriptedProvider):
    """Says the next of its words every time, and gives the word to the others."""

    def __init__(self, words: tuple[str, ...]) -> None:
        super().__init__()
        self._words, self._number = words, count()

    def stream(self, ref, messages, options, cancel):
        word = self._words[next(self._number) % len(self._words)]
        self.scripts = {"starter": Script([f"@Ren @Aki {word}"], pause_s=0.1)}
        yield from super().stream(ref, messages, options, cancel)


def talked(open_workbench: OpenWorkbench, encoder: ScriptedEncoder, words: tuple[str, ...]):
    """A room in which Ren and Aki give each other the word, at most eight times."""
    bench = open_workbench(Saying(words))
    bench.rooms.understand(encoder)
    bench.rooms.set_policy(ROOM, "named", {"turns": 8})
    bench.rooms.post(ROOM, "@Ren start", sender="Yuki")
    began = time.monotonic()
    assert bench.rooms.wait_idle(ROOM, 20)
    return bench, time.monotonic() - began


def test_one_thought_in_ever_new_words_is_a_loop(open_workbench: OpenWorkbench) -> None:
    bench, _seconds = talked(open_workbench, ScriptedEncoder({"dawn": DAWN}), OF_DAWN)
    halted = bench.rooms.get(ROOM).halted
    assert halted is not None
    assert halted.code == "in_circles"
    assert len(bench.rooms.messages(ROOM)) - 1 <= 7
    bench.rooms.editing.let_go_on(ROOM)
    assert bench.rooms.get(ROOM).halted is None
    assert bench.rooms.wait_idle(ROOM, 20)


@pytest.mark.parametrize("kind", ["thanks", "readiness", "ja agreement", "ja goodbyes"])
def test_unknown_wordings_stop_a_room_within_six_turns(
    open_workbench: OpenWorkbench, kind: str
) -> None:
    said = tuple(line.replace("{other}", "Ren") for line in talks_fresh.LOOPS[kind])
    bench = open_workbench(Saying(said))  # no encoder: words alone
    bench.rooms.set_policy(ROOM, "named", {"turns": 12})
    bench.rooms.post(ROOM, "@Ren start", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 30)
    halted = bench.rooms.get(ROOM).halted
    assert halted is not None
    assert halted.code == "in_circles"
    assert len(bench.rooms.messages(ROOM)) - 1 <= 6


def test_other_thoughts_are_none(open_workbench: OpenWorkbench) -> None:
    encoder = ScriptedEncoder({"dawn": DAWN})
    bench, _seconds = talked(open_workbench, encoder, OTHERS)
    assert bench.rooms.get(ROOM).halted is None
    assert len(bench.rooms.messages(ROOM)) - 1 == 8
    assert len(encoder.asked) > 1
    assert all(len(texts) <= 3 for texts in encoder.asked[1:])  # each line once


@pytest.mark.parametrize("away", [False, True])
def test_no_word_waits_for_the_encoder(open_workbench: OpenWorkbench, away: bool) -> None:
    hold = threading.Event()
    encoder = ScriptedEncoder({"dawn": DAWN}, hold=None if away else hold, away=away)
    bench, seconds = talked(open_workbench, encoder, OF_DAWN)
    hold.set()
    assert len(bench.rooms.messages(ROOM)) - 1 == 8
    assert seconds < 10  # the hold alone is 30
    assert len(encoder.asked) == 1 or not away  # one that is away is left alone for a while


def test_who_speaks_once_a_round_needs_no_encoder(open_workbench: OpenWorkbench) -> None:
    bench = open_workbench()
    encoder = ScriptedEncoder()
    bench.rooms.understand(encoder)
    for _ in range(3):
        bench.rooms.post(ROOM, "hello", sender="Yuki")
        assert bench.rooms.wait_idle(ROOM, 10)
    assert encoder.asked == []


def test_moves_of_a_game_are_no_thought() -> None:
    lines = [Spoken("Ren" if n % 2 else "Aki", word) for n, word in enumerate(DAWN)]
    assert not Meaning(ScriptedEncoder({"dawn": DAWN})).one_thought(lines)


def test_an_english_encoder_says_nothing_of_japanese() -> None:
    texts = ["ありがとうございます。", "ありがとうございます。", "Thanks!", "Thanks!"]
    assert Meaning(ScriptedEncoder()).says_nothing(texts) == [False, False, False, True]
    assert Meaning(ScriptedEncoder(english=False)).says_nothing(texts)[1]
