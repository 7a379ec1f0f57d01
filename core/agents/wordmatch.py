"""Finding agents by words, in any language: without an encoder, and beside one.

Words of alphabets are met by their beginnings ("radio" finds "radios"); Japanese and Chinese,
which put nothing between words, by pairs of signs. A word that stands with everybody counts for
little, one in a name or a role for more than one in the free text.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.agents.spec import Agent

WEIGHTS = {
    "name": 1.0,
    "roles": 0.9,
    "skills": 0.9,
    "description": 0.8,
    "descriptions": 0.8,
    "personalities": 0.7,
    "tones": 0.7,
    "background": 0.6,
    "introduction": 0.6,
    "body": 0.5,
}
MAX_TERMS = 32
SHORT = 4  # letters; a shorter word is met as a whole only
MIN_SCORE = 0.04
# What questions are made of: it counts only when there is nothing else.
_QUESTION = frozenset(
    re.findall(
        r"\w+",
        """a about am an and any anybody anyone are at be can could do does for has have he help
        how i in is it know knows me my need of on or person she somebody someone that the their
        they this to want was we what when where which who whom whose why will with would you your
        """,
    )
)
_CJK = "\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_RUNS = re.compile(f"[{_CJK}]+|[^\\W_{_CJK}]+")
_KANA = re.compile("[\u3040-\u309f]+")
_BETWEEN = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Hit:
    """How well an agent's words fit (0 to 1), and where: (word, field), the best first."""

    score: float
    places: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Haystack:
    """An agent's texts, folded once; `whole` is all of them."""

    fields: Mapping[str, str]
    whole: str


def haystack(agent: Agent) -> Haystack:
    """What is searched of an agent."""
    fields = {name: _folded(getattr(agent, name)) for name in WEIGHTS}
    return Haystack(fields, "".join(fields.values()))


def match(text: str, stacks: Mapping[str, Haystack]) -> dict[str, Hit]:
    """The hits among `stacks` by their keys; those that hardly fit are left out."""
    terms = _terms(text)
    places = {term: _places(term, stacks) for term in terms}
    rarity = {term: math.log((len(stacks) + 1) / (len(places[term]) + 1)) + 0.1 for term in terms}
    possible = sum(rarity.values())
    hits = {}
    for key in {key for found in places.values() for key in found}:
        here = [(term, places[term][key]) for term in terms if key in places[term]]
        here.sort(key=lambda one: -rarity[one[0]] * WEIGHTS[one[1]])
        score = sum(rarity[term] * WEIGHTS[field] for term, field in here) / possible
        if score >= MIN_SCORE:
            hits[key] = Hit(score, tuple((term.strip(), field) for term, field in here))
    return hits


def _places(term: str, stacks: Mapping[str, Haystack]) -> dict[str, str]:
    """Key → the weightiest field that holds `term`."""
    found = {}
    for key, stack in stacks.items():
        if term in stack.whole:
            found[key] = next(name for name in WEIGHTS if term in stack.fields[name])
    return found


def _terms(text: str) -> Sequence[str]:
    """What is looked for; a word has a blank in front, so that only its beginning is met."""
    found: dict[str, None] = {}
    for run in _RUNS.findall(unicodedata.normalize("NFKC", text).casefold()):
        if re.match(f"[{_CJK}]", run):
            found |= dict.fromkeys(run[at : at + 2] for at in range(max(1, len(run) - 1)))
        else:
            found[f" {_singular(run)}" if len(run) >= SHORT else f" {run} "] = None
    # Pairs of hiragana are mostly grammar, too.
    telling = [t for t in found if not _KANA.fullmatch(t) and t.strip() not in _QUESTION]
    return (telling or list(found))[:MAX_TERMS]


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _folded(value: object) -> str:
    if isinstance(value, Mapping):
        value = " ".join(str(item) for item in value.values())
    elif isinstance(value, tuple):
        value = " ".join(value)
    folded = unicodedata.normalize("NFKC", str(value)).casefold()
    return f" {_BETWEEN.sub(' ', folded)} "
