"""Tones: what the bundled rules count, and that nothing is rewritten."""

from __future__ import annotations

from functools import cache

import pytest

from core.paths import SPEECH_RULES
from core.rooms.speech.rule_reader import read_rules
from core.rooms.speech.rules import Tone
from core.rooms.speech.tone import Heard, hear, sentences, tone_of


@cache
def tones() -> tuple[Tone, ...]:
    return read_rules(SPEECH_RULES.read_bytes(), SPEECH_RULES.name).tones


@pytest.mark.parametrize(
    ("tone", "text", "held", "of"),
    [
        ("polite", "はい。お茶が入りました。どうぞお掛けください。", 2, 2),
        ("polite", "そうですね。いい天気だ。行きましょうか？", 2, 3),
        ("丁寧", "こちらは「行くぞ」と言っています。", 1, 1),
        ("polite", "1. お湯を沸かします\n2. お茶を入れる", 1, 2),
        ("polite", "Please sit down. Yeah, dude.", 1, 2),
        ("polite", "Good evening. お茶をどうぞ、と言った。", 1, 2),
        ("formal", "We don't know. That is all we know.", 1, 2),
        ("formal", "We’re sure.", 0, 1),
        ("casual", "仕組みは簡単だよ。コイルが共振するんだ。", 2, 2),
        ("casual", "仕組みは簡単です。そうだよ！", 1, 2),
        ("casual", "I'd be delighted. Furthermore, it works.", 1, 2),
        ("cheerful", "What a day! It rains.", 1, 1),
        ("cheerful", "いい天気だね。", 0, 1),
        ("calm", "It rains. Great!", 1, 2),
        ("terse", "Short. " + "word " * 30 + ".", 1, 2),
        ("簡潔", "短い。" + "長い" * 40 + "。", 1, 2),
        ("polite", "```\nyeah = 1\n```\nIt prints `yeah` twice.", 1, 1),
        ("polite", "# Yeah\nThat is right.", 1, 1),
    ],
)
def test_what_is_counted(tone: str, text: str, held: int, of: int) -> None:
    heard = hear(text, tones(), [tone])
    assert heard is not None
    assert (heard.held, heard.of) == (held, of)


@pytest.mark.parametrize("text", ["", "はい。", "…", "```\ncode\n```"])
def test_what_tells_nothing_is_not_counted(text: str) -> None:
    assert hear(text, tones(), ["polite"]) is None


def test_the_first_tone_with_rules_counts() -> None:
    assert hear("Fine.", tones(), ["warm", "Courteous", "casual"]) == Heard("polite", 1, 1)
    assert tone_of(tones(), ["warm", "sunny"]) is None
    assert hear("Fine.", tones(), []) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One. Two! Three", ["One.", "Two!", "Three"]),
        ("3.14 is e.g. pi", ["3.14 is e.g.", "pi"]),
        ("はい。いいえ！？", ["はい。", "いいえ！？"]),
        ("- one\n- two", ["one", "two"]),
        ("| a | b |\n|---|---|\nafter", ["after"]),
    ],
)
def test_sentences(text: str, found: list[str]) -> None:
    assert sentences(text) == found
