"""Judges replies: the intent, the language, the name and the tone; honesty; repetition.

The rules look for words, so they can be fooled; they say nothing of style.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.starter.persona import Persona
from core.starter.tones import tone_heard
from core.starter.voice import NAMED
from core.starter.wording_files import Language, load

_JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龯]")
_STARTER = {"en": "starter", "ja": "スターター"}
_WAY = {
    "en": ("ollama", "models screen", "real model"),
    "ja": ("ollama", "モデル画面", "本物のモデル"),
}
_CANNOT = {
    "en": r"can't|cannot|can not|beyond|too (?:much|hard)|more than|not able|don't know|do not know"
    r"|not for this|needs? a real model|need a real model|only the starter",
    "ja": r"応えられ|わからない|わかりません|難しすぎ|しか(?:でき|答え)|無理|本物のモデルが必要",
}


@dataclass(frozen=True)
class Expected:
    """What a right reply has: an intent (with a topic for guides), language, names, tone."""

    intent: str
    language: Language
    persona: Persona
    user: str = ""
    topic: str = ""


def language_of(text: str) -> Language:
    """Tell the language of a text; names in the other script do not decide it."""
    own = re.sub(r"`[^`]*`", "", text)
    return "ja" if len(_JAPANESE.findall(own)) * 3 > len(own) else "en"


def is_honest(reply: str, language: Language) -> bool:
    """Tell whether a reply says that it is only the starter, and where a real model is."""
    low = reply.lower()
    return _STARTER[language] in low and any(way in low for way in _WAY[language])


def is_refusal(reply: str, language: Language) -> bool:
    """Tell whether a reply declines as the honest answer does."""
    said = re.search(_CANNOT[language], reply, re.IGNORECASE) is not None
    return said and _STARTER[language] in reply.lower()


def repeats(text: str, size: int = 6) -> bool:
    """Tell whether a run of `size` words (Japanese: characters) comes twice.

    Characters are counted three for a word in Japanese, which writes no spaces.
    """
    words: Sequence[str] = text.lower().split()
    if language_of(text) == "ja":
        words, size = list(text), size * 3
    grams = [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]
    return len(grams) != len(set(grams))


def intent_met(reply: str, expected: Expected) -> bool:
    """Tell whether a reply says what the intent or the topic asks for."""
    if expected.intent == "honest":
        return is_honest(reply, expected.language)
    rules = load("checks")
    head = expected.topic.partition("/")[0]
    pattern = rules["topics"][head] if head else rules["intents"][expected.intent]
    found = re.search(pattern[expected.language], reply, re.IGNORECASE) is not None
    if expected.intent == "who":
        return found and expected.persona.name in reply and expected.persona.role in reply
    return found and not (is_refusal(reply, expected.language) and not _mentions(expected))


def _mentions(expected: Expected) -> bool:
    """Intents whose right answer names the starter without declining."""
    return expected.intent in ("ai", "chatgpt", "pardon", "insult", "about")


def name_met(reply: str, expected: Expected) -> bool:
    """Tell whether the user's name is said where the intent asks for it."""
    if not expected.user or expected.intent not in NAMED:
        return True
    return expected.user in reply


def _own_words(reply: str, expected: Expected) -> str:
    """The reply without what was copied into it, which may be in any language."""
    who = expected.persona
    for copied in sorted((expected.user, who.name, who.role, who.personality), key=len):
        reply = reply.replace(copied, "") if copied else reply
    return reply


def faults(reply: str, expected: Expected) -> list[str]:
    """List what is wrong with a reply: `intent`, `language`, `name`, `tone`, `repeat`."""
    wrong = {
        "intent": not intent_met(reply, expected),
        "language": language_of(_own_words(reply, expected)) != expected.language,
        "name": not name_met(reply, expected),
        "tone": not tone_heard(reply, expected.language, expected.persona.keys[0]),
        "repeat": repeats(reply),
    }
    return [fault for fault, present in wrong.items() if present]
