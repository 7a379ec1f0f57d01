"""Recognises agents that go round in circles: thanks for thanks, praise for praise, echoes.

A line is empty when it adds nothing to the talk so far: no word of content that is new, only
courtesies, or (with an encoder) the meaning of a line before. A few empty lines are manners;
`MOST_EMPTY` in a row, by two speakers or more, are a loop. Only agents are looked at, and only
since a person last spoke. It does not judge whether a talk is good, and a loop that brings new
words with every line is not seen without an encoder.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.rooms.courtesies import COURTESIES, COURTESIES_JA, STOP_WORDS

EMPTY = 4
EMPTY_LATER = 5  # people who talked well take leave with many words that say nothing
LATER = 6  # lines
LOOKED_AT = 24  # lines of the run, the newest ones
LEAST_NEW = 0.25  # share of a line's content that must be new
ALIKE = 0.8  # cosine of two lines that mean the same

# The vectors of some texts, one row each, of length 1.
Encode = Callable[[Sequence[str]], Any]

_WORDS = re.compile(r"[a-zà-ÿ0-9]+(?:['’][a-z]+)?")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff々ー]+")
_COURTEOUS_JA = re.compile("|".join(sorted(COURTESIES_JA, key=len, reverse=True)))
_ENDINGS = ("ingly", "edly", "ings", "ing", "ies", "ied", "ely", "ed", "es", "ly", "s", "e")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line of an agent."""

    speaker: str
    text: str


def goes_in_circles(lines: Sequence[Spoken], encode: Encode | None = None) -> bool:
    """Whether the last of these lines (of agents, none of people between) close a loop."""
    run = lines[-LOOKED_AT:]
    wanted = EMPTY if len(lines) <= LATER else EMPTY_LATER
    if len(run) < wanted:
        return False
    names = {word for line in run for word in _content(line.speaker)}
    empty = _empty(run, names)
    if not all(empty[-wanted:]) and encode is not None:
        empty = [one or like for one, like in zip(empty, _alike(run, encode), strict=True)]
    tail = run[-wanted:]
    return all(empty[-wanted:]) and len({line.speaker for line in tail}) > 1


def _empty(run: Sequence[Spoken], names: set[str]) -> list[bool]:
    """For each line, whether it says nothing new. The first of all is never empty by echo."""
    known: set[str] = set(names)
    found = []
    for line in run:
        content = set(_content(line.text)) - names
        new = content - known
        found.append(not content or len(new) / len(content) < LEAST_NEW)
        known |= content
    return found


def _alike(run: Sequence[Spoken], encode: Encode) -> Iterator[bool]:
    """For each line, whether one before it means the same."""
    vectors = encode([line.text for line in run])
    for number, vector in enumerate(vectors):
        yield any(float(vector @ other) >= ALIKE for other in vectors[:number])


@lru_cache(maxsize=4096)
def _content(text: str) -> tuple[str, ...]:
    """The words of content, in a form that survives endings; of Japanese, pairs of letters."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    words = [word.split("'")[0] for word in _WORDS.findall(folded)]
    latin = [_stem(word) for word in words if word not in STOP_WORDS and word not in COURTESIES]
    found = [word for word in latin if word not in COURTESIES]
    for run in _JAPANESE.findall(_COURTEOUS_JA.sub(" ", folded)):
        found.extend(run[at : at + 2] for at in range(len(run) - 1) if not _kana(run[at : at + 2]))
    return tuple(found)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _kana(pair: str) -> bool:
    """Only hiragana: particles and endings, mostly."""
    return all("\u3040" <= letter <= "\u309f" for letter in pair)
