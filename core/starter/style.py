"""The marks of a tone in the words: contractions, stops, polite and plain endings."""

from __future__ import annotations

import random
import re

from core.starter.names import with_honorific
from core.starter.wording_files import Language

PLAIN = frozenset({"casual", "dry", "playful"})
"""Tones that speak plain Japanese; the others use です・ます."""
_STIFF = frozenset({"polite", "serious"})
_CONTRACTIONS = (
    (r"\bcan't\b", "cannot"), (r"\bwon't\b", "will not"), (r"n't\b", " not"), (r"'m\b", " am"),
    (r"'re\b", " are"), (r"'ve\b", " have"), (r"'ll\b", " will"), (r"'d\b", " would"),
    (r"\b([Ll])et's\b", r"\1et us"),
    (r"\b([Tt]hat|[Ii]t|[Ww]hat|[Hh]ow|[Ww]ho|[Hh]ere)'s\b", r"\1 is"),
    (r"\bThanks\b", "Thank you"), (r"\bthanks\b", "thank you"),
)  # fmt: skip


def place_name(text: str, language: Language, user: str) -> str:
    """Say the user's name once, at the first place made for it; drop the other places."""
    return _english_name(text, user) if language == "en" else _japanese_name(text, user)


def apply(text: str, language: Language, tone: str, rng: random.Random) -> str:
    """Change stops, contractions and endings to those of the tone."""
    if language == "en":
        return _english(text, tone, rng)
    return _japanese(text, tone, rng)


def tidy(text: str, *copied: str) -> str:
    """Put capitals after full stops, except on a copied name that is written without."""
    text = re.sub(r"\s+", " ", text).strip()
    text = text.replace(".,", ",").replace("?,", "?").replace(" ,", ",")
    text = re.sub(r"(^|(?<!\.)[.!?] )([a-z])", lambda match: match[1] + match[2].upper(), text)
    for name in copied:
        text = text.replace(name[:1].upper() + name[1:], name) if name else text
    return text


def _english_name(text: str, user: str) -> str:
    for mark, said in (("{c}", ", {u}"), ("{c2}", "{u}, "), ("{s}", "{u}, ")):
        if user and mark in text and "{u}" not in text:
            text = text.replace(mark, said, 1)
        text = text.replace(mark, "")
    return text


def _japanese_name(text: str, user: str) -> str:
    if user and "{u}" not in text:
        for mark, form in (("{n、}", "{h}、"), ("、{n。}", "、{h}。")):
            if mark in text:
                text = text.replace(mark, form, 1)
                break
    text = text.replace("{n、}", "").replace("、{n。}", "。").replace("{n。}", "")
    honoured = with_honorific(user) if user else ""
    return text.replace("{u}さん", honoured).replace("{h}", honoured)


def _english(text: str, tone: str, rng: random.Random) -> str:
    if tone in _STIFF:
        for pattern, full in _CONTRACTIONS:
            text = re.sub(pattern, full, text)
    if tone in _STIFF or tone == "dry":
        return text.replace("!", ".")
    if tone in ("cheerful", "playful"):
        return re.sub(r"\.$", "!", text)
    if tone == "shy" and rng.random() < 0.5:
        return re.sub(r"\.$", "...", text)
    return text


def _japanese(text: str, tone: str, rng: random.Random) -> str:
    if tone == "dry":
        text = re.sub(r"だよ(?=[。、])", "だ", text)
        return re.sub(r"(?<=[るただいてでくすなう])[よね](?=。)", "", text)
    if tone == "polite":
        text = re.sub(r"ください(?=[。ね])ね?", "くださいませ", text)
        often = rng.random() < 0.7
        return re.sub(r"(?<![たいまなきん])です。", "でございます。", text) if often else text
    if tone == "cheerful":
        text = re.sub("。", lambda _: "！" if rng.random() < 0.7 else "。", text)
        return re.sub("。$", "！", text)
    if tone == "playful":
        return re.sub("。$", lambda _: rng.choice(("！", "♪")), text)
    if tone == "shy" and rng.random() < 0.5:
        return re.sub(r"(?<!…)。$", "…。", text)
    return text
