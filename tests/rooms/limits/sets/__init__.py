"""Written talks, a file a language and use: `fit_*` to find weights with, `kept_*` to judge by.

A talk begins with `= loop: kind` or `= talk: kind`; its lines are spoken by two in turn. Nothing in
`core` may be adapted to what `kept_*` says.
"""

from __future__ import annotations

from pathlib import Path

from tests.rooms.limits.talk_maker import Talk

FOLDER = Path(__file__).parent
PAIRS = {"en": ("Mara", "Finn"), "ja": ("葵", "蓮")}
START = 8  # healthy lines before a late loop


def loops(use: str, language: str) -> dict[str, Talk]:
    """By kind, talks that say nothing from their first line on."""
    return _read(use, language, "loop")


def healthy(use: str, language: str) -> dict[str, Talk]:
    """By kind, talks that get somewhere."""
    return _read(use, language, "talk")


def late_loops(use: str, language: str) -> dict[str, Talk]:
    """By kind, loops that begin after `START` lines of a healthy talk, each after another one."""
    starts = list(healthy(use, language).values())
    found = {}
    for number, (kind, loop) in enumerate(loops(use, language).items()):
        start = starts[number * 7 % len(starts)][:START]
        found[kind] = in_turn(language, [text for _who, text in (*start, *loop)])
    return found


def _read(use: str, language: str, sort: str) -> dict[str, Talk]:
    found: dict[str, Talk] = {}
    for block in (FOLDER / f"{use}_{language}.txt").read_text("utf-8").split("= ")[1:]:
        head, *texts = block.strip().split("\n")
        kind = head.removeprefix(f"{sort}: ")
        if kind != head:
            found[kind] = in_turn(language, texts)
    return found


def in_turn(language: str, texts: list[str]) -> Talk:
    """Lines that the two of a language speak in turn."""
    pair = PAIRS[language]
    return [(pair[number % 2], text) for number, text in enumerate(texts)]
