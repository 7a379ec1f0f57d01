"""The checker's rules, each with a right and a wrong reply."""

import pytest

from core.starter import check
from core.starter.check import Expected
from core.starter.persona import Persona
from core.starter.tones import tone_heard

REN = Persona("Ren", "engineer", "casual", "curious", ("casual",))


@pytest.mark.parametrize(
    ("reply", "expected", "faults"),
    [
        ("Hey Ken! I'm here.", Expected("greet", "en", REN, "Ken"), []),
        ("Hey! I'm here.", Expected("greet", "en", REN, "Ken"), ["name"]),
        ("ケンさん、やあ。", Expected("greet", "en", REN, "ケン"), ["intent", "language", "tone"]),
        ("I'm Ren, your engineer.", Expected("who", "en", REN), []),
        ("I'm Ren, your cook.", Expected("who", "en", REN), ["intent"]),
        ("やあ、ケンさん。", Expected("greet", "ja", REN, "ケン"), []),
        ("Sorry, I'm just the starter: see the Models screen.", Expected("honest", "en", REN), []),
        ("It's Paris.", Expected("honest", "en", REN), ["intent"]),
    ],
)
def test_faults(reply: str, expected: Expected, faults: list[str]) -> None:
    assert check.faults(reply, expected) == faults


def test_a_refusal_where_help_was_asked_is_a_fault() -> None:
    reply = "Sorry, I can't: I'm only the starter. Open the Rooms screen."
    assert check.faults(reply, Expected("guide", "en", REN, topic="rooms")) == ["intent"]


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("one two three four five six and one two three four five six", True),
        ("one two three four five six seven", False),
        (
            "モデル画面で本物のモデルを選んでくださいね。モデル画面で本物のモデルを選んでくださいね。",
            True,
        ),
        ("モデル画面で選んでください。", False),
    ],
)
def test_repeats(text: str, twice: bool) -> None:
    assert check.repeats(text) is twice


@pytest.mark.parametrize(
    ("reply", "language", "tone", "heard"),
    [
        ("Certainly. I am Ren.", "en", "polite", True),
        ("Certainly. I'm Ren.", "en", "polite", False),
        ("Yay, hello!", "en", "cheerful", True),
        ("Hello.", "en", "cheerful", False),
        ("光栄でございます。", "ja", "polite", True),
        ("えへへ♪", "ja", "playful", True),
        ("はい。", "ja", "shy", False),
        ("Anything.", "en", "neutral", True),
    ],
)
def test_tone_heard(reply: str, language: str, tone: str, heard: bool) -> None:
    assert tone_heard(reply, language, tone) is heard  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "language"), [("hello 瑞穂", "en"), ("こんにちは Ken", "ja"), ("`ollama` です", "ja")]
)
def test_language_of(text: str, language: str) -> None:
    assert check.language_of(text) == language
