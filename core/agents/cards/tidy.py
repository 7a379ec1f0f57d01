"""Texts of a card in the form that an agent's file can hold and gives back unchanged."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from core.agents.names import MAX_NAME, good_name

_BREAKS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_UNSEEN = frozenset({"Cc", "Cs", "Cn"})
_KEPT = "\n\t"
_LIST = re.compile(r"\s*[,、，;；]\s*")
_SENTENCE = re.compile(r"[.!?。！？\n]")
_MAX_LIST_CHARS = 200


def tidy(text: str) -> str:
    """Without what no text file can hold, with plain line breaks, without outer blanks."""
    text = _BREAKS.sub("\n", text)
    if text.isprintable():
        return text.strip()
    return "".join(sign for sign in text if sign in _KEPT or not _is_unseen(sign)).strip()


def tidied(given: Iterable[str]) -> tuple[str, ...]:
    """Each of them, the empty ones left out."""
    return tuple(text for text in map(tidy, given) if text)


def display_name(given: str) -> str:
    """A name that an agent can have: one line, 80 signs, no path; "" when nothing is left."""
    line = " ".join(tidy(given).split()).replace("/", "／").replace("\\", "＼")
    line = "".join(sign for sign in line if sign == " " or good_name(f"a{sign}"))
    name = line.lstrip(". ")[:MAX_NAME].rstrip()
    return name if good_name(name) else ""


def as_list(text: str) -> tuple[str, ...]:
    """Words that stand in a row ("calm, polite") one by one; a sentence stays one piece."""
    text = tidy(text)
    if not text:
        return ()
    if len(text) > _MAX_LIST_CHARS or _SENTENCE.search(text):
        return (text,)
    return tuple(part for part in _LIST.split(text) if part)


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSEEN or sign == "\ufeff"
