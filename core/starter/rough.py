"""Makes people's lines as uneven as people type them."""

from __future__ import annotations

import random

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
