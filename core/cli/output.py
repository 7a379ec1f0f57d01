"""What commands print: one JSON object for programs, or text for people."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.cli.streams import unicode_output


def write(text: str = "", *, end: str = "\n") -> None:
    """Print text at once, also into a pipe."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def write_json(value: Mapping[str, Any]) -> None:
    """Print one object on one line."""
    write(json.dumps(value, ensure_ascii=not unicode_output(), default=str))


def show(value: Mapping[str, Any], as_json: bool, lines: Iterable[str]) -> None:
    """Print `value` for a program, or `lines` for a person."""
    if as_json:
        write_json(value)
        return
    for line in lines:
        write(line)


def table(rows: Sequence[Sequence[object]], head: Sequence[str]) -> list[str]:
    """Columns under their heads, aligned by what a terminal really shows (full width is 2)."""
    cells = [[one_line(str(cell)) for cell in row] for row in (head, *rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(head))]
    return [
        "  ".join(
            cell + " " * (size - width(cell)) for cell, size in zip(row, widths, strict=True)
        ).rstrip()
        for row in cells
    ]


def width(text: str) -> int:
    """Columns that a terminal needs for `text`."""
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def one_line(text: str) -> str:
    """Text without line breaks and without control characters that could drive a terminal."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def harmless(text: str) -> str:
    """Text that keeps its lines, without control characters that could drive a terminal."""
    return "".join(letter for letter in text if letter in "\n\t" or letter.isprintable())
