"""Ways to ask: a frame around a goal, a noun or a request, a whole sentence, or one as it was said.

The frames are the same for what the starter can answer and for what it cannot, so that it
has to read what stands in them. The sentences as they were said (`said_*.yaml`) are many and
short of variants: by writers who saw none of the held-out lines.
"""

from __future__ import annotations

import random
from collections import defaultdict
from functools import cache
from itertools import accumulate

from core.starter.grammar import Lexicon, expand, parse
from core.starter.wording_files import LANGUAGES, Language, load

WHOLE = "says"
FILES = ("more_talk", "more_mood", "more_guide", "more_guide2", "more_honest")
SAID = ("said_talk", "said_mood", "said_guide", "said_honest")
_SAID_SHARE = 0.7  # of the lines drawn here
_PLACE = "_"
_LIST = 20  # entries that a word list counts for when phrases are weighed


@cache
def _lines(language: Language) -> dict[str, dict[str, tuple[str, ...]]]:
    """Intent or topic → kind → phrases."""
    return {
        intent: {kind: tuple(text.split("\n")[:-1]) for kind, text in kinds.items()}
        for name in FILES
        for intent, kinds in load(f"{language}/{name}").items()
    }


@cache
def _said(language: Language) -> dict[str, tuple[str, ...]]:
    """Intent or topic → sentences, each as likely."""
    return {
        intent: tuple(text.split("\n")[:-1])
        for name in SAID
        for intent, text in load(f"{language}/{name}").items()
    }


@cache
def _frames(language: Language) -> dict[str, tuple[str, ...]]:
    frames: dict[str, str] = load(f"{language}/frames")
    return {kind: tuple(text.split("\n")[:-1]) for kind, text in frames.items()}


def has(language: Language, intent: str) -> bool:
    """Tell whether there is anything for an intent or a topic."""
    return intent in _lines(language)


def count_said(language: Language) -> int:
    """Number of sentences that stand as they were said."""
    return sum(map(len, _said(language).values()))


def kept_apart() -> list[tuple[Language, str, str]]:
    """Language, intent or topic, and sentence: as they were said, and in no training."""
    return [
        (language, intent, line)
        for language in LANGUAGES
        for intent, text in load(f"{language}/apart").items()
        for line in text.split("\n")[:-1]
    ]


def draw(rng: random.Random, language: Language, intent: str, lexicon: Lexicon) -> str:
    """Draw a line of a person who wants `intent`; richer phrases come more often."""
    said = _said(language).get(intent)
    if said and rng.random() < _SAID_SHARE:
        return " ".join(expand(rng.choice(said), rng, {}).split())
    kinds = _lines(language)[intent]
    whole, framed = kinds.get(WHOLE), [kind for kind in kinds if kind != WHOLE]
    if whole and (not framed or rng.random() < 0.5):
        return _expanded(rng, whole, lexicon)
    kind = rng.choice(framed)
    frame = _expanded(rng, _frames(language)[kind], {})
    return frame.replace(_PLACE, _expanded(rng, kinds[kind], lexicon))


def _expanded(rng: random.Random, phrases: tuple[str, ...], lexicon: Lexicon) -> str:
    phrase = rng.choices(phrases, cum_weights=_weights(phrases))[0]
    return " ".join(expand(phrase, rng, lexicon).split())


@cache
def _weights(phrases: tuple[str, ...]) -> list[float]:
    lists: Lexicon = defaultdict(lambda: [""] * _LIST)
    return list(accumulate(parse(phrase).count(lists) ** 0.4 for phrase in phrases))
