"""Names to be copied: real ones and invented ones, in Latin, kana and kanji.

One name in ten is held out, decided by its own hash, so the two sets can never
meet whatever the generator draws.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable

from core.starter.wording_files import Language, Split, load

HELD_OUT_SHARE = 10
_HONORIFICS = ("さん", "くん", "ちゃん", "様", "先生", "さま", "君", "殿")


def is_held_out(name: str) -> bool:
    """Tell whether a name belongs to the held-out tenth."""
    return zlib.crc32(name.casefold().encode()) % HELD_OUT_SHARE == 0


def with_honorific(name: str) -> str:
    """Add さん unless the name already ends in an honorific."""
    return name if name.endswith(_HONORIFICS) else f"{name}さん"


def _pick(rng: random.Random, key: str) -> str:
    words = load("names")[key]
    return str(rng.choice(words))


def _invented(rng: random.Random) -> str:
    parts = [
        _pick(rng, "onsets") + _pick(rng, "vowels") + _pick(rng, "codas")
        for _ in range(rng.choice((1, 2, 2, 2, 3)))
    ]
    return "".join(parts).capitalize()


def _latin(rng: random.Random) -> str:
    return _pick(rng, "latin")


def _two_words(rng: random.Random) -> str:
    first = _latin(rng) if rng.random() < 0.6 else _invented(rng)
    return f"{first} {_pick(rng, 'surnames') if rng.random() < 0.6 else _invented(rng)}"


def _handle(rng: random.Random) -> str:
    base = _pick(rng, "handles") + rng.choice(("", "_", "-", "")) + _pick(rng, "handles")
    name = rng.choice((base, base + str(rng.randrange(1, 99)), _latin(rng).lower()))
    return rng.choice((name, name, _invented(rng).lower(), _latin(rng) + str(rng.randrange(99))))


def _odd(rng: random.Random) -> str:
    name = _latin(rng)
    return rng.choice(
        (name.upper(), f"Dr. {name}", f"Mr. {_pick(rng, 'surnames')}", f"{name}-{_invented(rng)}",
         f"Ms. {_pick(rng, 'surnames')}", f"{name} {rng.choice('ABCDEFGHJKLMNPRSTVW')}")
    )  # fmt: skip


def _kana(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return _pick(rng, "kana")
    return "".join(
        "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ン" else c for c in _pick(rng, "mora"))
        for _ in range(rng.choice((2, 2, 3, 3, 4)))
    )


def _katakana(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return _pick(rng, "katakana")
    middle = ["".join(_pick(rng, "mora") for _ in range(rng.choice((1, 2, 2, 3))))]
    middle.append(rng.choice(("", "", "ン", "ー", "ッ" + _pick(rng, "mora"), "ール", "ス")))
    name = "".join(middle) + (_pick(rng, "mora") if rng.random() < 0.4 else "")
    return f"{name}・{_pick(rng, 'katakana')}" if rng.random() < 0.06 else name


def _kanji(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return _pick(rng, "kanji")
    characters = str(load("names")["given_chars"])
    return "".join(rng.choice(characters) for _ in range(rng.choice((1, 2, 2, 2, 3))))


def _rare_kanji(rng: random.Random) -> str:
    return "".join(chr(rng.randrange(0x4E00, 0x9FA0)) for _ in range(rng.choice((1, 2, 2))))


def _surname(rng: random.Random) -> str:
    return _pick(rng, "surname_kanji")


def _full_kanji(rng: random.Random) -> str:
    given = rng.choice((_kanji, _kanji, _kana))(rng)
    return _surname(rng) + rng.choice(("", "", " ")) + given


def word(rng: random.Random, language: Language = "en") -> str:
    """A word that nobody knows: it can only be copied, or owned not to be known."""
    if language == "en":
        return _invented(rng).lower()
    return rng.choice((_katakana, _kanji, _kana, _rare_kanji))(rng)


_Maker = Callable[[random.Random], str]
_WESTERN: list[tuple[_Maker, int]] = [
    (_latin, 28), (_invented, 44), (_two_words, 14), (_handle, 10), (_odd, 4),
]  # fmt: skip
_JAPANESE: list[tuple[_Maker, int]] = [
    (_kana, 24), (_katakana, 28), (_kanji, 22), (_surname, 10), (_full_kanji, 12),
    (_rare_kanji, 4),
]  # fmt: skip


def draw(rng: random.Random, language: Language, split: Split) -> str:
    """Draw a name; four in five are of the language that is spoken."""
    own = rng.random() < 0.8
    makers = _WESTERN if own == (language == "en") else _JAPANESE
    functions, weights = zip(*makers, strict=True)
    while True:
        name: str = rng.choices(functions, weights)[0](rng)
        if is_held_out(name) == (split == "held") and 0 < len(name) <= 28:
            return name
