"""What was said before the window, in a few of its own sentences: cheap and always the same.

For every line the sentence that tells most; of these the first of each speaker, then the
weightiest, as many as fit, in the order in which they were said. A model can write a better one
(`build_prompt(summary=…)`); this one costs a millisecond.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from core.agents.names import name_key
from core.agents.window import Count, Heard

MAX_QUOTE = 160
MOST_QUOTES = 12
MAX_LINE = 2_000

_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
_WORD = re.compile(r"[^\W\d_]{4,}|[\u4e00-\u9fff]{2,}|[\u30a0-\u30ff]{3,}|\d+")
PEOPLE_WEIGHT = 1.5

Quote = tuple[str, str]  # who, what


def summarise(
    fallen: Sequence[Heard], budget: int, count: Count, members: Sequence[str] = ()
) -> str:
    """The most telling sentences of `fallen` within `budget` tokens, "" for none."""
    said = tuple((line.sender, line.content[:MAX_LINE]) for line in fallen)
    ranked = _ranked(said, frozenset(map(name_key, members)))
    chosen: dict[int, str] = {}
    for place, quote in ranked[:MOST_QUOTES]:
        text = f"- {quote[0]}: {quote[1]}"
        budget -= count(text) + 1
        if budget < 0:
            break
        chosen[place] = text
    return "\n".join(chosen[place] for place in sorted(chosen))


@lru_cache(maxsize=32)
def _ranked(said: tuple[Quote, ...], members: frozenset[str]) -> list[tuple[int, Quote]]:
    """Quotes with their places, the most telling first."""
    common = Counter(word for _who, text in said for word in set(_words(text)))
    telling = {word for word, lines in common.items() if 2 <= lines <= max(2, len(said) // 3)}
    heard: set[str] = set()
    found: list[tuple[bool, float, int, Quote]] = []
    for place, (who, text) in enumerate(said):
        weight, sentence = _best(text, telling)
        if not sentence:
            continue
        weight *= 1 if name_key(who) in members else PEOPLE_WEIGHT
        found.append((who in heard, -weight, place, (who, sentence)))
        heard.add(who)
    return [(place, quote) for _later, _weight, place, quote in sorted(found)]


def _best(text: str, telling: set[str]) -> tuple[float, str]:
    """The weightiest sentence, the first of several; (0, "") when there is none."""
    best = (0.0, "")
    for found in _SENTENCE.findall(text):
        sentence = " ".join(found.split())
        words = set(_words(sentence))
        weight = 1 + len(words & telling) + sum(word.isdigit() for word in words)
        weight += sentence.endswith(("?", "？"))
        if words and weight > best[0]:
            best = weight, sentence[:MAX_QUOTE] + ("…" if len(sentence) > MAX_QUOTE else "")
    return best


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
