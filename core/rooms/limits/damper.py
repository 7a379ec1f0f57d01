"""Recognises agents that go round in circles: thanks for thanks, praise for praise, echoes.

A line is empty when it adds nothing to the talk so far: no word of content that is new, only
courtesies, or (where an encoder is there: see `meaning`) what a courtesy means, or a line before.
A few empty lines are manners; `EMPTY` in a row, by two speakers or more, are a loop, by meaning
some more; so are `OF_A_PAIR` of two who talk to each other beside others. A talk that has just
begun is also judged as a whole (`emptiness`). Only agents are looked at, and only since a person
last spoke. It does not judge whether a talk is good.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from core.rooms.limits.courtesies import COURTESIES, COURTESIES_JA, STOP_WORDS
from core.rooms.limits.emptiness import says_nothing, without_names
from core.rooms.limits.phrasing import courteous
from core.rooms.limits.wording import JAPANESE, WORDS, Spoken, folded, stem

EMPTY = 5
MEANT_LATER = 8  # people who talked well take leave with many words that say nothing
OF_A_PAIR = 6  # lines of two among others, who say something
LATER = 6  # lines
LOOKED_AT = 24  # lines of the run, the newest ones
LEAST_NEW = 0.25  # share of a line's content that must be new
SAME = 0.75  # share of its content that the line before has, too

_COURTEOUS_JA = re.compile("|".join(sorted(COURTESIES_JA, key=len, reverse=True)))


def goes_in_circles(lines: Sequence[Spoken], meant: Sequence[bool] = ()) -> bool:
    """Whether the last of these lines (of agents, none of people between) close a loop.

    `meant`: of each line, the newest `LOOKED_AT` at least, whether it says nothing by its
    meaning; empty when nobody knows.
    """
    run = lines[-LOOKED_AT:]
    if says_nothing(run):
        return True
    words = _empty(run)
    if _closes(run, words, EMPTY):
        return True
    by_meaning = meant[-LOOKED_AT:] or [False] * len(run)
    either = [one or other for one, other in zip(words, by_meaning, strict=True)]
    wanted = EMPTY if len(lines) <= LATER else MEANT_LATER
    return _closes(run, either, wanted) or any(_pairs(run, either))


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


def _empty(run: Sequence[Spoken]) -> list[bool]:
    """For each line, whether it says nothing new: it is a courtesy, or one of the last two again.

    What is neither, though each of its words was heard before, may be a move of a game.
    """
    names = {word for line in run for word in _content(line.speaker)}
    said = [set(_content(line.text)) - names for line in run]
    known: set[str] = set(names)
    found = []
    for at, (content, text) in enumerate(zip(said, without_names(run), strict=True)):
        thanks = not content and not COURTESIES.isdisjoint(WORDS.findall(text))
        manners = thanks or courteous(text) > 0
        if not content and not manners:
            content.add(text)
        old = not content or len(content - known) / len(content) < LEAST_NEW
        again = any(len(content & one) >= SAME * len(content) for one in said[max(0, at - 2) : at])
        found.append(old and (manners or again))
        known |= content
    return found


@lru_cache(maxsize=4096)
def _content(text: str) -> tuple[str, ...]:
    """The words of content, in a form that survives endings; of Japanese, pairs of letters."""
    plain = folded(text)
    words = [word.split("'")[0] for word in WORDS.findall(plain)]
    latin = [stem(word) for word in words if word not in STOP_WORDS and word not in COURTESIES]
    found = [word for word in latin if word not in COURTESIES]
    for run in JAPANESE.findall(_COURTEOUS_JA.sub(" ", plain)):
        found.extend(run[at : at + 2] for at in range(len(run) - 1) if not _kana(run[at : at + 2]))
    return tuple(found)


def _kana(pair: str) -> bool:
    """Only hiragana: particles and endings, mostly."""
    return all("\u3040" <= letter <= "\u309f" for letter in pair)
