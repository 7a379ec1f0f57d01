"""What is wrong with a card: file, field, what was expected, what was found."""

from __future__ import annotations

from core.errors import CardInvalid
from core.text import N_, Words, words

Said = str | Words


def invalid(file: str, field: Said, expected: Said, found: Said) -> CardInvalid:
    """The error for one field of a card; long findings are cut."""
    short = found if isinstance(found, Words) or len(found) <= 80 else found[:79] + "…"
    return CardInvalid(file=file, field=field, expected=expected, found=short)


def at_most(limit: int) -> Words:
    """A limit in bytes as a sentence has it: "at most 32 MB"."""
    if limit >= 1_000_000:
        return words(N_("at most {n} MB"), n=limit // 1_000_000)
    return words(N_("at most {n} KB"), n=limit // 1_000)


def line(number: int, place: str = "") -> Words:
    """A place in a text: "line 7", or "ccv3, line 7" inside a part of the file."""
    if place:
        return words(N_("{place}, line {line}"), place=place, line=number)
    return words(N_("line {line}"), line=number)
