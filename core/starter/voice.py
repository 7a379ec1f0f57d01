"""Turns what is to be said into a reply that sounds like the character."""

from __future__ import annotations

import random
from dataclasses import dataclass

from core.starter import style
from core.starter.grammar import expand, fill, register
from core.starter.persona import Persona
from core.starter.tones import tone_heard
from core.starter.wording_files import Language, load, replies, tones

NAMED = frozenset(
    {"greet", "morning", "afternoon", "evening", "night", "tomorrow", "back", "thanks", "bye",
     "how_are_you", "meet", "tell_name", "ask_my_name", "wish"}
)  # fmt: skip
"""Intents whose reply says the user's name whenever it is known."""

# Which of a tone's openers starts the reply to an intent; None leaves it to the wording.
_OPENERS: dict[str, str] = {
    "greet": "hi", "thanks": "thanks", "bye": "bye", "joke": "ack", "joke_more": "ack",
    "honest": "sorry", "guide": "ack", "insult": "sorry",
}  # fmt: skip
_ENDINGS = {"bye": "part", "night": "part", "tomorrow": "part", "tired": "sad"}
_EXPLAINING = frozenset({"guide", "honest", "joke", "joke_more", "chatgpt", "pardon"})
_JOKE_LEADS = {
    "en": ("", "", "Here's one: ", "Here's a joke: ", "A joke for you: ", "Here we go: "),
    "ja": ("", "", "では一つ。", "冗談を一つ。", "一つ{言いますね~言うね}。"),
}
_NAME_MARKS = ("{c}", "{s}", "{u}", "{n、}", "{n。}", "{c2}")
_TRIES = 6


@dataclass(frozen=True)
class Speech:
    """What a reply is made of: its intent, the wording and the kind of opener."""

    intent: str
    core: str
    opener: str | None = None


def plan(
    intent: str, language: Language, persona: Persona, rng: random.Random, known: bool
) -> Speech:
    """Choose the wording for a small-talk intent; `known` says a user name is there."""
    talk = replies(language, "talk")
    if intent in ("joke", "joke_more"):
        joke = str(rng.choice(load(f"{language}/jokes")["train"]))
        return Speech(intent, rng.choice(_JOKE_LEADS[language]) + joke, "ack")
    key = intent
    if intent == "ask_my_name" and not known:
        key = "ask_my_name_unknown"
    if intent == "who" and not persona.role:
        key = "who_norole"
    opener = _OPENERS.get(intent)
    if intent == "who" and rng.random() < 0.3:
        opener = "ack"
    phrase = str(rng.choice(talk.get(key, [""])))
    return Speech(intent, expand(phrase, rng, talk["lists"]), opener)


def speak(
    speech: Speech, language: Language, persona: Persona, user: str, rng: random.Random
) -> str:
    """Write the reply in the character's tone; `user` is empty when no name is known.

    A reply in which the first tone cannot be heard is drawn again, and at last given
    one of the tone's own endings.
    """
    if speech.intent not in NAMED and "{u}" not in speech.core and rng.random() < 0.5:
        user = ""
    for _ in range(_TRIES):
        ending = _ending(speech, language, persona, rng)
        text = _compose(speech, language, persona, user, ending, rng)
        if tone_heard(text, language, persona.keys[0]):
            return text
    endings = [words for words in tones(language)[persona.keys[0]]["end"] if words]
    return _compose(speech, language, persona, user, rng.choice(endings), rng)


def _compose(
    speech: Speech, language: Language, persona: Persona, user: str, ending: str,
    rng: random.Random,
) -> str:  # fmt: skip
    tone = persona.keys[0]
    opener = str(rng.choice(tones(language)[tone][speech.opener])) if speech.opener else ""
    core = speech.core
    if speech.intent in NAMED and not any(mark in opener + core for mark in _NAME_MARKS):
        core = ("{s}" if language == "en" else "{n、}") + core
    gap = " " if language == "en" else ""
    text = gap.join(part for part in (opener, core, ending) if part)
    text = register(text, plain=tone in style.PLAIN)
    text = style.apply(style.place_name(text, language, user), language, tone, rng)
    text = fill(text, _values(language, persona, user, rng))
    return style.tidy(text, user, persona.name) if language == "en" else text


def _ending(speech: Speech, language: Language, persona: Persona, rng: random.Random) -> str:
    explains = speech.intent in _EXPLAINING
    tone = persona.keys[-1] if rng.random() < 0.4 else persona.keys[0]
    likely = 0.25 if explains else (0.3 if speech.opener else 0.85)
    if speech.intent == "insult" or rng.random() > likely:
        return ""
    kind = "tail" if explains else _ENDINGS.get(speech.intent, "end")
    return str(rng.choice(tones(language)[tone][kind]))


def _values(language: Language, persona: Persona, user: str, rng: random.Random) -> dict[str, str]:
    values = {"me": persona.name, "u": user, "role": persona.role}
    trait = persona.personality
    if not trait or rng.random() < 0.5:
        return values | {"withtrait": "", "traitsentence": ""}
    if language == "en":
        clause = rng.choice((", {}", ", said to be {}", ", and rather {}")).format(trait)
        sentence = rng.choice((" People call me {}.", " They say I am {}.", " I am said to be {}."))
        return values | {"withtrait": clause, "traitsentence": sentence.format(trait)}
    both = rng.choice(("性格は{}{です~だよ}。", "{}とよく言われ{ます~るよ}。"))
    plain = persona.keys[0] in style.PLAIN
    said = register(both, plain=plain).replace("{}", trait)
    return values | {"withtrait": "", "traitsentence": said}
