"""Talks made up from a seed: loops that say nothing, and talks that go somewhere."""

from __future__ import annotations

import random

Talk = list[tuple[str, str]]

_THANKS = (
    "Thank you so much, {other}!",
    "You're very welcome, {other}. Thank you!",
    "No, thank you, {other}!",
    "I really appreciate that, {other}.",
    "Likewise, {other}, thanks again.",
    "It was my pleasure, truly.",
)
_PRAISE = (
    "That's a wonderful point, {other}.",
    "I couldn't agree more, {other}!",
    "You put it so beautifully.",
    "Exactly, well said.",
    "Such thoughtful words, {other}.",
    "Absolutely, you are so right.",
)
_BYE = (
    "Goodbye, {other}, take care!",
    "Bye, {other}! See you soon.",
    "See you later, have a nice day!",
    "You too, {other}, goodbye!",
)
_JA = (
    "{other}さん、ありがとうございます。",
    "こちらこそ、ありがとうございます。",
    "本当に素晴らしいですね。",
    "おっしゃる通りだと思います。",
    "いえいえ、とんでもないです。",
)
_ECHO = (
    "I think we should meet at the old bridge on Sunday.",
    "Rain makes the garden smell of iron and moss.",
    "一緒に川まで歩きませんか、夕方の風が涼しいです。",
)
_SOME_NOUNS = (
    "lantern harbour violin glacier orchard compass beetle furnace meadow pottery tunnel saddle"
    " kettle puzzle canyon falcon cabin blanket walnut ladder mirror anchor pepper bicycle"
    " library telescope marble thunder pillow engine candle whistle basket bridge castle"
    " dolphin ember feather goblet hammer island jacket kernel lobster magnet needle"
)
_NOUNS = _SOME_NOUNS.split()
_SOME_VERBS = (
    "repaired painted borrowed carried measured discovered traded polished sketched planted"
    " boiled hid described rescued counted photographed"
)
_VERBS = _SOME_VERBS.split()
_SOME_PLACES = "Kyoto Lisbon Oslo Bergen Nara Porto Tromso Sapporo Dublin Quito Hobart Leeds"
_PLACES = _SOME_PLACES.split()


def loop(dice: random.Random) -> Talk:
    """Two who thank, praise, take leave or echo without end."""
    pair = dice.sample(["Ren", "Aki", "Mizuho", "Hoshi"], 2)
    kind = dice.randrange(5)
    if kind == 4:
        line = dice.choice(_ECHO)
        texts = [line if dice.random() < 0.7 else f"Yes. {line}" for _number in range(10)]
    else:
        pool = (_THANKS, _PRAISE, _BYE, _JA)[kind]
        texts = [dice.choice(pool) for _number in range(10)]
    return _between(pair, texts)


def healthy(dice: random.Random) -> Talk:
    """Two or three who tell, ask and answer; with manners at its ends and in between."""
    pair = dice.sample(["Ren", "Aki", "Mizuho", "Hoshi"], dice.choice([2, 2, 3]))
    nouns, verbs = dice.sample(_NOUNS, 30), dice.sample(_VERBS, 12)
    texts = ["Hello, {other}!", "Hi! How are you?"]
    for number in range(dice.randint(8, 12)):
        thing, other, deed = nouns[2 * number], nouns[2 * number + 1], verbs[number]
        place = dice.choice(_PLACES)
        opening = dice.choice(["", "Thanks! ", "That's great. ", "Yes. ", "I see. "])
        texts.append(
            opening
            + dice.choice(
                [
                    f"Yesterday I {deed} a {thing} near {place} with my {other}.",
                    f"Why is the {thing} heavier than the {other}?",
                    f"Because a {thing} needs more {other} than we have.",
                    f"In {place} they {deed} every {thing} before winter; the {other} came later.",
                ]
            )
        )
        if dice.random() < 0.25:
            texts.append(dice.choice(["Thank you!", "That's lovely.", "Really?", "I agree."]))
    texts += ["Thanks for the chat, {other}.", "Goodbye!", "See you soon!"]
    return _between(pair, texts)


def _between(pair: list[str], texts: list[str]) -> Talk:
    talk = []
    for number, text in enumerate(texts):
        speaker, other = pair[number % len(pair)], pair[(number + 1) % len(pair)]
        talk.append((speaker, text.format(other=other)))
    return talk
