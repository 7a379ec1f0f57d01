"""A line of an agent, and its words in a form that can be compared."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

WORDS = re.compile(r"[a-zà-ÿ0-9]+(?:['’][a-z]+)?")
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff々ー]+")
_ENDINGS = ("ingly", "edly", "ings", "ing", "ies", "ied", "ely", "ed", "es", "ly", "s", "e")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line of an agent."""

    speaker: str
    text: str


def folded(text: str) -> str:
    """The text without differences of case, width and apostrophe."""
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


def stem(word: str) -> str:
    """The word without its ending, roughly."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
