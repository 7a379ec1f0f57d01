"""Talks made of wordings and a seed: loops that say nothing, and talks that get somewhere.

`talks_seen` are wordings that the damper was tuned with, `talks_unseen` those that it was not:
nothing in `core` may be adapted to what these say.
"""

from __future__ import annotations

import random
from types import ModuleType

Talk = list[tuple[str, str]]

NAMES = ("Sora", "Ines", "Bruno", "Kaoru", "Tilda")
LINES = 14


def loop_kinds(words: ModuleType) -> list[str]:
    return [*words.LOOPS, "echo", "three", "a pair beside one who works"]


def loop(words: ModuleType, kind: str, seed: int) -> Talk:
    """A loop of this kind; all but the last kind have 14 lines."""
    dice = random.Random(seed)
    pair = dice.sample(NAMES, 2)
    if kind == "echo":
        line = dice.choice(words.ECHOES)
        texts = [line if dice.random() < 0.6 else f"{line[:-1]}!" for _ in range(LINES)]
        return _turns(pair, texts)
    if kind == "three":
        pool = (*words.LOOPS["thanks"], *words.LOOPS["praise"])
        return _turns(dice.sample(NAMES, 3), _drawn(pool, LINES, dice))
    if kind == "a pair beside one who works":
        return _beside(words, dice)
    return _turns(pair, _drawn(words.LOOPS[kind], LINES, dice))


def healthy(words: ModuleType, kind: str, seed: int) -> Talk:
    """Two or three who get somewhere, with manners in between and at both ends."""
    dice = random.Random(seed)
    japanese = kind.startswith("ja ")
    speakers = dice.sample(NAMES, dice.choice([2, 2, 3]))
    slots = _slots(words, dice, japanese=japanese)
    texts = ["こんにちは。"] * 2 if japanese else ["Hi there!", "Hello, good to see you."]
    for line in words.HEALTHY[kind]:
        manner = dice.choice(words.MANNERS_JA if japanese else words.MANNERS)
        texts.append(manner + line.format(**slots))
        if dice.random() < 0.2:
            texts.append(dice.choice(words.SMALL_JA if japanese else words.SMALL))
    ends = ("楽しかったです。", "また話しましょう。") if japanese else ("That was fun.", "See you!")
    return _turns(speakers, [*texts, *ends])


def _beside(words: ModuleType, dice: random.Random) -> Talk:
    """Two admire each other while the third goes on with its work."""
    first, second, third = dice.sample(NAMES, 3)
    slots, talk = _slots(words, dice, japanese=False), []
    flattery = _drawn(words.LOOPS["praise"], 24, dice)
    for number, line in enumerate(words.HEALTHY["a story"]):
        talk.append((third, line.format(**slots)))
        talk.append((first, flattery[2 * number].replace("{other}", second)))
        talk.append((second, flattery[2 * number + 1].replace("{other}", first)))
    return talk


def _turns(speakers: list[str], texts: list[str]) -> Talk:
    count = len(speakers)
    return [
        (speakers[at % count], text.replace("{other}", speakers[(at + 1) % count]))
        for at, text in enumerate(texts)
    ]


def _drawn(pool: tuple[str, ...], count: int, dice: random.Random) -> list[str]:
    """Lines of a pool, none twice in a row, all of them before any comes again."""
    found: list[str] = []
    while len(found) < count:
        fresh = dice.sample(pool, len(pool))
        if found and fresh[0] == found[-1]:
            fresh.reverse()
        found += fresh
    return found[:count]


def _slots(words: ModuleType, dice: random.Random, *, japanese: bool) -> dict[str, str]:
    things = dice.sample((words.THINGS_JA if japanese else words.THINGS).split(), 6)
    place = dice.choice((words.PLACES_JA if japanese else words.PLACES).split())
    numbers = {"n": str(dice.randint(2, 9)), "m": str(dice.randint(12, 90))}
    return {**dict(zip("abcdef", things, strict=True)), "place": place, **numbers}
