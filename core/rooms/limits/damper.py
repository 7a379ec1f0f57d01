"""Recognises agents that go round in circles: thanks for thanks, praise for praise, echoes.

A line is empty when it adds nothing to the talk so far: no word of content that is new, only
courtesies, or (where an encoder is there: see `meaning`) what a courtesy means, or a line before.
A few empty lines are manners; `EMPTY` in a row, by two speakers or more, are a loop, later in a
talk some more; so are `OF_A_PAIR` of two who talk to each other beside others. Only agents are
looked at, and only since a person last spoke. It does not judge whether a talk is good, and a
thought that comes back in wholly other words is not seen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.rooms.limits.courtesies import COURTESIES, COURTESIES_JA, STOP_WORDS

EMPTY = 4
EMPTY_LATER = 5  # people who talked well take leave with many words that say nothing
MEANT_LATER = 8  # and by meaning, even more: leave-taking is long
OF_A_PAIR = 6  # lines of two among others, who say something
LATER = 6  # lines
LOOKED_AT = 24  # lines of the run, the newest ones
FEW_NEW = 1  # words of content beside a courtesy that still say nothing
LEAST_NEW = 0.25  # share of a line's content that must be new

_WORDS = re.compile(r"[a-zà-ÿ0-9]+(?:['’][a-z]+)?")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff々ー]+")
_COURTEOUS_JA = re.compile("|".join(sorted(COURTESIES_JA, key=len, reverse=True)))
_ENDINGS = ("ingly", "edly", "ings", "ing", "ies", "ied", "ely", "ed", "es", "ly", "s", "e")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line of an agent."""

    speaker: str
    text: str


def goes_in_circles(lines: Sequence[Spoken], meant: Sequence[bool] = ()) -> bool:
    """Whether the last of these lines (of agents, none of people between) close a loop.

    `meant`: of each line, the newest `LOOKED_AT` at least, whether it says nothing by its
    meaning; empty when nobody knows.
    """
    run = lines[-LOOKED_AT:]
    bare, mannered = _empty(run)
    by_meaning = meant[-LOOKED_AT:] or [False] * len(run)
    early = len(lines) <= LATER
    words, wanted, meanings = (
        (mannered, EMPTY, EMPTY) if early else (bare, EMPTY_LATER, MEANT_LATER)
    )
    if _closes(run, words, wanted):
        return True
    either = [one or other for one, other in zip(words, by_meaning, strict=True)]
    return _closes(run, either, meanings) or any(_pairs(run, either))


def _pairs(run: Sequence[Spoken], empty: Sequence[bool]) -> Iterator[bool]:
    """Whether the last speaker and another one do it, while others talk in between."""
    speakers = list(dict.fromkeys(line.speaker for line in reversed(run)))
    for other in speakers[1:] if len(speakers) > 2 else ():
        mine = [n for n, line in enumerate(run) if line.speaker in (speakers[0], other)]
        yield _closes([run[n] for n in mine], [empty[n] for n in mine], OF_A_PAIR)


def _closes(run: Sequence[Spoken], empty: Sequence[bool], wanted: int) -> bool:
    """Whether the last `wanted` lines are all empty, and of more than one speaker."""
    tail = run[-wanted:]
    return len(tail) == wanted and all(empty[-wanted:]) and len({one.speaker for one in tail}) > 1


def _empty(run: Sequence[Spoken]) -> tuple[list[bool], list[bool]]:
    """For each line, whether it says nothing new; and whether it hardly does, with manners."""
    names = {word for line in run for word in _content(line.speaker)}
    known: set[str] = set(names)
    bare, mannered = [], []
    for line in run:
        content = set(_content(line.text)) - names
        new = content - known
        bare.append(not content or len(new) / len(content) < LEAST_NEW)
        mannered.append(bare[-1] or (len(new) <= FEW_NEW and _courteous(line.text)))
        known |= content
    return bare, mannered


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


@lru_cache(maxsize=4096)
def _courteous(text: str) -> bool:
    """Whether there is a courtesy in it."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    words = (word.split("'")[0] for word in _WORDS.findall(folded))
    return any(word in COURTESIES for word in words) or bool(_COURTEOUS_JA.search(folded))


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _kana(pair: str) -> bool:
    """Only hiragana: particles and endings, mostly."""
    return all("\u3040" <= letter <= "\u309f" for letter in pair)
