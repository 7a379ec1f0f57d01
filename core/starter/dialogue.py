"""Draws whole dialogues: characters, people, other agents and what each one says.

A dialogue is what the room would send: the system text, then the transcript from
one character's view. Everything hangs on the seed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from core.starter import asking, names, outside, persona, rough, voice
from core.starter.grammar import expand, fill
from core.starter.persona import Persona
from core.starter.wording_files import LANGUAGES, Language, Split, lexicon, load, replies, users

HONEST = "honest"
_RICHER = 0.75  # of the lines in training: drawn from frames and the longer lists
_UNNAMED = {"en": "You", "ja": "あなた"}
_TALK_WEIGHTS = {
    "greet": 5, "morning": 2, "evening": 2, "tell_name": 5, "ask_my_name": 5, "who": 12, "ai": 3,
    "chatgpt": 4, "how_are_you": 4, "thanks": 4, "bye": 4, "night": 2, "tomorrow": 2, "joke": 6,
    "compliment": 3, "tired": 3, "happy": 2, "remark": 3, "about": 3, "insult": 2, "ok": 2,
}  # fmt: skip
_OPENING = ("greet", "greet", "greet", "morning", "evening", "tell_name", "who", "meet", "help")
_EXPLAINERS = {"help", "overview", "rooms", "create_room", "mention", "stop", "agents", "add_agent",
               "models", "connect", "huggingface", "skills", "memory", "lora", "hardware", "gpu",
               "language", "privacy", "doctor"}  # fmt: skip


@dataclass(frozen=True)
class Turn:
    """One message of the prompt; `intent` and what follows describe the reply to it."""

    role: str
    text: str
    intent: str = ""
    topic: str = ""
    language: Language = "en"
    user: str = ""


@dataclass(frozen=True)
class Dialogue:
    """A system text and alternating user and assistant turns."""

    persona: Persona
    turns: tuple[Turn, ...]

    @property
    def system(self) -> str:
        """The text that the room's template gives for the character."""
        return persona.system_text(self.persona)

    def messages(self) -> list[dict[str, str]]:
        """Give the chat messages, system first."""
        head = [{"role": "system", "content": self.system}]
        return head + [{"role": turn.role, "content": turn.text} for turn in self.turns]


@dataclass
class _Scene:
    """What is true while a dialogue is being written."""

    rng: random.Random
    split: Split
    language: Language
    me: Persona
    sender: str
    others: list[Persona]
    user: str
    second: bool = False
    refusals: int = 0
    topic: str = ""
    last: str = ""
    waiting: list[str] = field(default_factory=list)


def draw_simple(rng: random.Random) -> Dialogue:
    """Draw one exchange between two; of a kind of intents each comes as often."""
    scene = _scene(rng, "train", rng.choice(LANGUAGES))
    scene.others = []
    kind = rng.choices(("talk", "guide", "who", HONEST, ""), (36, 20, 6, 30, 8))[0]
    topic = rng.choice(list(users(scene.language, "guide"))) if kind == "guide" else ""
    intent = rng.choice(_small_talk(scene.language)) if kind == "talk" else kind
    return Dialogue(scene.me, tuple(_exchange(scene, first=True, intent=intent, topic=topic)))


def draw(
    rng: random.Random, split: Split = "train", language: Language | None = None, *,
    second: bool = False,
) -> Dialogue:  # fmt: skip
    """Draw one dialogue of one to a dozen exchanges; `second` takes the other held-out lines."""
    scene = _scene(rng, split, language if language else rng.choice(LANGUAGES))
    scene.second = second
    count = rng.choices((1, 2, 3, 4, 8), (52, 26, 12, 8, 2))[0]
    if count == 8:
        count = rng.randrange(5, 13)
    turns: list[Turn] = []
    for index in range(count):
        turns += _exchange(scene, first=index == 0)
    return Dialogue(scene.me, tuple(turns))


def stream(seed: int, split: Split = "train", *, second: bool = False) -> Iterator[Dialogue]:
    """Draw dialogues without end; the same seed gives the same ones."""
    rng = random.Random(f"{split}-{seed}")
    while True:
        yield draw(rng, split, second=second)


def _scene(rng: random.Random, split: Split, language: Language) -> _Scene:
    me = persona.draw(rng, language, split)
    sender = _UNNAMED[language] if rng.random() < 0.1 else names.draw(rng, language, split)
    company = rng.choices((0, 1, 2, 3), (74, 10, 13, 3))[0]
    others = [persona.draw(rng, language, split) for _ in range(company)]
    user = "" if sender in _UNNAMED.values() else sender
    return _Scene(rng, split, language, me, sender, others, user)


def _exchange(scene: _Scene, *, first: bool, intent: str = "", topic: str = "") -> list[Turn]:
    rng = scene.rng
    if rng.random() < 0.06:
        scene.language = "ja" if scene.language == "en" else "en"
    if not intent:
        intent, topic = _choose(scene, first=first)
    asker = scene.sender
    said = _user_line(scene, intent, topic)
    before, after = _company(scene, intent, topic)
    lines = [*scene.waiting, f"{scene.sender}: {said}", *before]
    user = scene.user
    if scene.others and rng.random() < 0.04:  # another agent asks by @mention
        asker = user = rng.choice(scene.others).name
        lines.append(f"{asker}: @{scene.me.name} {_phrase(scene, intent, topic)}")
    scene.waiting = after
    reply = _reply(scene, scene.me, intent, topic, user)
    scene.last = intent
    return [
        Turn("user", "\n".join(lines)),
        Turn("assistant", reply, intent, topic, scene.language, user),
    ]


def _choose(scene: _Scene, *, first: bool) -> tuple[str, str]:
    """Pick an intent, and a topic when it is about the app."""
    rng = scene.rng
    if scene.last == "guide" and rng.random() < 0.35:
        return "guide", f"{scene.topic}/{rng.choice(('how', 'where', 'more'))}"
    if scene.last in ("joke", "joke_more") and rng.random() < 0.5:
        return rng.choice(("joke_more", "laugh")), ""
    if scene.last == HONEST and rng.random() < 0.2:
        return rng.choice((("pardon", ""), ("guide", "connect"), ("insult", ""), ("ok", "")))
    if scene.last in ("guide", HONEST) and rng.random() < 0.12:
        return rng.choice(("thanks", "ok")), ""
    if first and rng.random() < 0.25:
        pick = rng.choice(_OPENING)
        return ("guide", pick) if pick in _EXPLAINERS else (pick, "")
    return _any_intent(rng, scene.language)


def _any_intent(rng: random.Random, language: Language) -> tuple[str, str]:
    draw_ = rng.random()
    if draw_ < 0.28:
        return HONEST, ""
    if draw_ < 0.52:
        return "guide", rng.choice(list(users(language, "guide")))
    talk = _small_talk(language)
    return rng.choices(talk, [_TALK_WEIGHTS.get(key, 1) for key in talk])[0], ""


def _small_talk(language: Language) -> list[str]:
    """The intents that need nothing said before them."""
    return [key for key in users(language, "talk") if key not in ("joke_more", "laugh", "pardon")]


def _user_line(scene: _Scene, intent: str, topic: str) -> str:
    """The person's words, made rough, with or without the character's name."""
    rng, language = scene.rng, scene.language
    fresh = names.draw(rng, language, scene.split) if intent == "tell_name" else ""
    text = _phrase(scene, intent, topic, fresh)
    if fresh:
        scene.user = fresh
    elif len(text) < 200 or rng.random() < 0.3:
        text = _typed(scene, text, asks=_takes_lead(intent))
    chance = rng.random()
    if chance < 0.1:
        return rough.led_in(text, rng, language) if _takes_lead(intent) else text
    if chance < 0.22:
        return rough.addressed(text, scene.me.name, rng, language)
    return text


def _typed(scene: _Scene, text: str, *, asks: bool) -> str:
    """The words as somebody types them; in training never those of a held-out line."""
    rng, language = scene.rng, scene.language
    typed = rough.roughen(text, rng, language)
    if scene.split == "train" and len(text) < 200:
        typed = rough.strayed(typed, rng, language, asks=asks)
        while plain(typed) in _held_out(language):
            typed = rough.roughen(text, rng, language)
    return typed


def plain(text: str) -> str:
    """A line without the signs, spaces and capitals that typing changes."""
    return re.sub(r"[\W_]", "", text.casefold())


@cache
def _held_out(language: Language) -> frozenset[str]:
    """The lines to judge by, about the app and of small talk; a name in them stays its slot."""
    rng, words = random.Random(0), lexicon(language)
    groups = [*users(language, "talk").values(), *users(language, "guide").values()]
    lines = [str(line) for group in groups for line in group["held"]]
    lines += [line for group in load(f"{language}/second").values() for line in group]
    lines += [line for spoken, _wanted, line in asking.kept_apart() if spoken == language]
    return frozenset(plain(expand(line, rng, words)) for line in lines for _ in range(200))


def _takes_lead(intent: str) -> bool:
    return intent in ("guide", HONEST, "who", "joke", "ai", "chatgpt", "how_are_you", "ask_my_name",
                      "tell_name", "about", "speak")  # fmt: skip


def _phrase(scene: _Scene, intent: str, topic: str, fresh: str = "") -> str:
    rng, language = scene.rng, scene.language
    if intent == HONEST and not scene.second:
        return outside.request(rng, language, scene.split)
    text = _wording(scene, intent, topic)
    while scene.split == "train" and plain(text) in _held_out(language):
        text = _wording(scene, intent, topic)
    spare = fresh or names.draw(rng, language, scene.split)
    return fill(text, {"me": scene.me.name, "new": spare, "u0": scene.sender})


def _wording(scene: _Scene, intent: str, topic: str) -> str:
    """A line with its `{slot}` marks; in training most come from the richer ways to ask."""
    rng, language = scene.rng, scene.language
    head, _, follow = topic.partition("/")
    wanted = head or intent
    if follow:
        phrases = load(f"{language}/followup")[follow][scene.split]
    elif scene.second:
        phrases = load(f"{language}/second")[wanted]
    elif scene.split == "train" and asking.has(language, wanted) and rng.random() < _RICHER:
        return asking.draw(rng, language, wanted, lexicon(language))
    else:
        phrases = users(language, "guide" if head else "talk")[wanted][scene.split]
    return expand(str(rng.choice(phrases)), rng, lexicon(language))


def _company(scene: _Scene, intent: str, topic: str) -> tuple[list[str], list[str]]:
    """What the others say: before this character's turn, and after it."""
    rng = scene.rng
    before: list[str] = []
    after: list[str] = []
    for other in scene.others:
        if rng.random() < 0.15:
            continue
        if intent == HONEST and rng.random() < 0.4:
            text = outside.claim(rng, scene.language)
        else:
            text = _reply(scene, other, intent, topic, scene.user, counted=False)
        (before if rng.random() < 0.5 else after).append(f"{other.name}: {text}")
    return before, after


def _reply(
    scene: _Scene, who: Persona, intent: str, topic: str, user: str, *, counted: bool = True
) -> str:
    rng, language = scene.rng, scene.language
    if intent == HONEST:
        speech = _honest(scene, counted=counted)
    elif intent == "guide":
        speech = _guide(scene, topic, counted=counted)
    else:
        speech = voice.plan(intent, language, who, rng, bool(user))
    return voice.speak(speech, language, who, user, rng)


def _honest(scene: _Scene, *, counted: bool) -> voice.Speech:
    honest = replies(scene.language, "honest")
    again = scene.refusals > 0 and counted
    phrase = str(scene.rng.choice(honest["again" if again else "first"]))
    if counted:
        scene.refusals += 1
    return voice.Speech(HONEST, expand(phrase, scene.rng, honest["lists"]), "sorry")


def _guide(scene: _Scene, topic: str, *, counted: bool) -> voice.Speech:
    head, _, follow = topic.partition("/")
    known = replies(scene.language, "guide")[head]
    phrase = str(scene.rng.choice(known["more" if follow else "main"]))
    if counted:
        scene.topic = head
    return voice.Speech("guide", expand(phrase, scene.rng, {}), None if follow else "ack")
