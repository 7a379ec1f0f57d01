"""What a name and a message must be before anything is stored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from core.errors import InvalidInput, MessageEmpty, MessageTooLong
from core.text import N_, words

MAX_NAME = 80
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def name_key(name: str) -> str:
    """How names are compared: NFKC, case folded, outer blanks gone."""
    return _short_key(name) if len(name) <= MAX_NAME else _key(name)


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


_short_key = lru_cache(maxsize=4096)(_key)  # each line of a transcript asks for its sender's


def is_one_of(name: str, names: Iterable[str]) -> bool:
    """Whether it is one of these names, however it is written."""
    return name_key(name) in {name_key(one) for one in names}


def checked_name(name: str, field: str = "name") -> str:
    """A name of 1 to 80 characters on one line.

    Raises:
        InvalidInput: naming the field and what was found.
    """
    cleaned = name.strip()
    if _SURROGATE.search(cleaned) or any(unicodedata.category(sign) == "Cc" for sign in cleaned):
        raise InvalidInput(
            field=field,
            expected=words(N_("one line of text")),
            found=words(N_("control characters")),
        )
    if not name_key(cleaned) or len(cleaned) > MAX_NAME:
        raise InvalidInput(
            field=field,
            expected=words(N_("1 to {limit} characters"), limit=MAX_NAME),
            found=len(cleaned),
        )
    return cleaned


def checked_content(content: str, limit: int) -> str:
    """A message's text as it is stored: line ends unified, outer blank lines gone.

    Raises:
        MessageEmpty, MessageTooLong: with the numbers.
        InvalidInput: it holds control characters or broken Unicode, so it is not text.
    """
    if len(content) > limit:
        raise MessageTooLong(limit=limit, found=len(content))
    if _CONTROL.search(content) or _SURROGATE.search(content):
        raise InvalidInput(
            field="content", expected=words(N_("text")), found=words(N_("control characters"))
        )
    cleaned = content.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not cleaned:
        raise MessageEmpty()
    return cleaned


def printable(text: str) -> str:
    """A model's text without what no screen can show."""
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", text)) if text else text
