"""Makes people's lines as uneven as people type them."""

from __future__ import annotations

import random
import re

from core.starter.wording_files import Language

_EMOJI = ("😊", "🙂", "😄", "✨", "👍", "🙏", "😅", "🎵", "☕", ":)", "🌸", "😂", "🤔", "❤️")
_FORMS = {
    "en": ("{me}, {text}", "@{me} {text}", "Hey {me}, {text}", "{text}, {me}?", "hi {me}! {text}",
           "{me}: {text}", "@{me}: {text}", "{text} @{me}"),
    "ja": ("{me}、{text}", "@{me} {text}", "{me}さん、{text}", "ねえ{me}、{text}",
           "{me}ちゃん、{text}",
           "@{me}さん {text}", "@{me}、{text}", "{me}さん！{text}"),
}  # fmt: skip
_BEFORE = {
    "en": ("Hi! ", "Hello, ", "Hey, ", "hi, ", "Good morning. ", "So, ", "Well, ", "Um, ", "Okay, ",
           "Excuse me, ", "Sorry, ", "By the way, ", "Thanks. ", "One question: ", "Please, ",
           "Good evening! ", "Now ", "And ", "btw ", "Great! ", "haha ok, ", "Hmm, "),
    "ja": ("こんにちは。", "こんばんは。", "ねえ、", "あの、", "すみません、", "ところで、",
           "えっと、", "おはよう。", "ちょっと、", "では、", "じゃあ、",
           "ありがとう。", "なるほど。", "ちなみに", "うーん、", "はい、", "お願いします、",
           "質問です。", "それで、"),
}  # fmt: skip


_AFTER_ASKING = {
    "en": (", please", " please", " for me", " if you can", ", thanks", " when you have time",
           ", I wonder", ", if I may ask", " real quick", ", I'm curious", " right now"),
    "ja": ("、お願いします", "、お願い", "、気になります", "のことなんだけど", "、できれば",
           "、知りたくて", "。よろしく", "、急ぎで", "。助かります", "、よければ"),
}  # fmt: skip
_AFTER_SAYING = {
    "en": (", you know", ", really", ", I think", ", right?", " again", ", honestly", ", haha",
           ", I guess", " by the way", ", as always"),
    "ja": ("、ほんとに", "、なんてね", "、まあね", "、たぶん", "、とりあえず", "よ、ほんと",
           "、うん", "、やっぱり", "、笑", "、いつもどおり"),
}  # fmt: skip
_SHORT = (
    (r"\byou are\b|\byou're\b", "ur"), (r"\byou\b", "u"), (r"\bare\b", "r"), (r"\byour\b", "ur"),
    (r"\bthanks\b|\bthank you\b", "thx"), (r"\bplease\b", "pls"), (r"\bI am\b|\bI'm\b", "im"),
    (r"\bbecause\b", "cuz"), (r"\btomorrow\b", "tmrw"), (r"\bnight\b", "nite"),
    (r"\babout\b", "abt"), (r"\bwhat\b", "wat"), (r"\bgoing to\b", "gonna"),
    (r"\bwant to\b", "wanna"), (r"ing\b", "in"),
    (r"\bwith\b", "w"), (r"\bsomething\b", "sth"), (r"\bgood\b", "gud"), (r"'", ""),
)  # fmt: skip


def strayed(text: str, rng: random.Random, language: Language, *, asks: bool) -> str:
    """Say it with words too many, too few or too short: the rest must be enough."""
    chance = rng.random()
    if chance < 0.12:
        after = (_AFTER_ASKING if asks else _AFTER_SAYING)[language]
        return text.rstrip("?.!。？！") + rng.choice(after)
    if chance < 0.2:
        return _dropped(text, rng, language)
    if chance < 0.28 and language == "en":
        for pattern, short in rng.sample(_SHORT, 8):
            text = re.sub(pattern, short, text, flags=re.IGNORECASE)
    return text


def _dropped(text: str, rng: random.Random, language: Language) -> str:
    """Leave out a word of five or more, in Japanese a sign or two of ten or more."""
    if language == "en":
        words = text.split(" ")
        if len(words) >= 5:
            del words[rng.randrange(len(words))]
        return " ".join(words)
    at = rng.randrange(len(text))
    return text[:at] + text[at + rng.choice((1, 2)) :] if len(text) >= 10 else text


def addressed(text: str, me: str, rng: random.Random, language: Language) -> str:
    """Speak to the character by name, or by @name."""
    return rng.choice(_FORMS[language]).format(me=me, text=text)


def led_in(text: str, rng: random.Random, language: Language) -> str:
    """Put a greeting or a filler before a request."""
    return rng.choice(_BEFORE[language]) + text


def _typo(text: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(text) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    if kind == 2:
        return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]
    return text[:at] + rng.choice("abcdefghijklmnopqrstuvwxyz") + text[at + 1 :]


def roughen(text: str, rng: random.Random, language: Language) -> str:
    """Change case, stops and letters now and then; the words stay understandable."""
    if rng.random() < 0.3:
        text = text.rstrip("?.!。？！")
    if language == "en":
        draw = rng.random()
        if draw < 0.25:
            text = text.lower()
        elif draw < 0.29:
            text = text.upper()
        elif draw < 0.55:
            text = text[:1].upper() + text[1:]
        if len(text) > 8 and rng.random() < 0.08:
            text = _typo(text, rng)
    elif rng.random() < 0.05:
        text = text.replace("？", "?").replace("！", "!").replace("。", " ")
    if rng.random() < 0.06:
        text = f"{text} {rng.choice(_EMOJI)}" if language == "en" else text + rng.choice(_EMOJI)
    if rng.random() < 0.03:
        text += rng.choice(("!!", "...", "??", "~", " pls")) if language == "en" else "〜"
    return text.strip() or "hi"
