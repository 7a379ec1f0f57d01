"""Whether a reply keeps the tone that its agent promises: counted, never corrected."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.rooms.speech.patterns import Pattern, TooSlow
from core.rooms.speech.rules import Tone, ToneCheck, ToneRules

MOST_SENTENCES = 200

_CODE = re.compile(
    r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[^\n]*$|\Z)", re.DOTALL | re.MULTILINE
)
_SPAN = re.compile(r"`[^`\n]*`")
# Headings, tables, list marks: what is no sentence, and what stands before one.
_NO_SENTENCE = re.compile(r"^\s*(?:#{1,6}\s.*|\|.*|[-*_=\s]{3,})$")
_LEAD = re.compile(r"^\s*(?:[-*+>]\s+|\d{1,9}[.)]\s+)*")
_QUOTED = re.compile(r"(?<=.)[「『][^」』\n]*[」』]")
_END = re.compile(r"(?<=[。！？!?])(?![。！？!?」』）)])|(?<=[.…])\s+(?=\S)")
_JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")
_WORDED = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Heard:
    """How often the tone was kept: `held` of `of` checks (sentences, and rules for replies)."""

    expected: str
    held: int
    of: int


def tone_of(tones: Sequence[Tone], named: Sequence[str]) -> Tone | None:
    """The first of an agent's tones that there are rules for."""
    for word in named:
        for tone in tones:
            if word.strip().casefold() in tone.words:
                return tone
    return None


def hear(text: str, tones: Sequence[Tone], named: Sequence[str]) -> Heard | None:
    """Measure a reply; `None` when nothing is promised, or nothing said that could be measured."""
    tone = tone_of(tones, named)
    if tone is None:
        return None
    results: list[bool] = []
    spoken: dict[str, list[str]] = {}
    for sentence in sentences(text):
        language = "ja" if _JAPANESE.search(sentence) else "en"
        spoken.setdefault(language, []).append(sentence)
    try:
        for language, said in spoken.items():
            results += _results(said, language, tone.languages.get(language, ToneRules()))
    except TooSlow:
        return None
    return Heard(tone.name, sum(results), len(results)) if results else None


def sentences(text: str) -> list[str]:
    """The sentences of a reply, without code, headings and what stands in quotes inside them."""
    found: list[str] = []
    for line in _SPAN.sub("x", _CODE.sub("", text)).split("\n"):
        if _NO_SENTENCE.match(line):
            continue
        bare = _QUOTED.sub("「」", _LEAD.sub("", line)).replace("**", "")
        found += [one.strip() for one in _END.split(bare) if _WORDED.search(one)]
    return found[:MOST_SENTENCES]


def _results(said: Sequence[str], language: str, rules: ToneRules) -> list[bool]:
    telling = [one for one in said if not _found(rules.skip, one)]
    results = [
        all(_passes(check, one, language) for check in rules.sentence)
        for one in telling
        if rules.sentence
    ]
    whole = "\n".join(said)
    return results + [_passes(check, whole, language) for check in rules.reply]


def _passes(check: ToneCheck, text: str, language: str) -> bool:
    if check.must is not None:
        return _found(check.must, text)
    if check.never is not None:
        return not _found(check.never, text)
    length = len(text) if language == "ja" else len(text.split())
    return check.longest is None or length <= check.longest


def _found(pattern: Pattern | None, text: str) -> bool:
    return pattern is not None and pattern.search(text, 0) is not None
