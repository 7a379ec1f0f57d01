"""How much the letters of a line resemble courtesies, rather than something that is told.

A line's words, pairs of words and parts of words (of Japanese: runs of one to four letters) each
carry a weight; a wording that nobody has written down still shares most of them. The weights were
found by `python -m tests.rooms.limits.fit`, none by hand.
"""

from __future__ import annotations

import json
import math
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from core.rooms.limits.wording import JAPANESE, folded

WEIGHTS = Path(__file__).with_name("phrasing.json")

_TOKENS = re.compile(r"[a-z']+|[0-9]+|[!?]")
_DIGITS = re.compile(r"[0-9]+")
_UNHEARD = re.compile(r"[\s、,.]")


class Phrases(NamedTuple):
    """What the parts of a line weigh, in one language."""

    bias: float
    weights: dict[str, float]


@lru_cache(maxsize=4096)
def courteous(text: str) -> float:
    """Above 0: rather a courtesy; below: it tells something. `text` is folded."""
    bias, weights = _phrases()["ja" if JAPANESE.search(text) else "en"]
    found = [weights[part] for part in parts(text) if part in weights]
    return bias + sum(found) / math.sqrt(len(found) or 1)


def parts(text: str) -> frozenset[str]:
    """The parts of a folded text that carry a weight."""
    return _of_japanese(text) if JAPANESE.search(text) else _of_english(text)


def _of_english(text: str) -> frozenset[str]:
    found = _TOKENS.findall(folded(text))
    words = [_DIGITS.sub("#", word).strip("'") or "'" for word in found]
    pairs = {f"{one} {other}" for one, other in zip(words, words[1:], strict=False)}
    inside = {part for word in words if len(word) > 3 for part in _runs(f"<{word}>", (4, 5))}
    return frozenset({*words, *pairs, *inside})


def _of_japanese(text: str) -> frozenset[str]:
    dense = _DIGITS.sub("#", _UNHEARD.sub("", folded(text)))
    return frozenset(_runs(f"^{dense}$", (1, 2, 3, 4)))


def _runs(text: str, sizes: tuple[int, ...]) -> set[str]:
    return {text[at : at + size] for size in sizes for at in range(len(text) - size + 1)}


@cache
def _phrases() -> dict[str, Phrases]:
    read = json.loads(WEIGHTS.read_text("utf-8"))
    return {language: Phrases(**found) for language, found in read.items()}
