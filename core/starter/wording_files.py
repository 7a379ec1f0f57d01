"""Reads the wording: phrase files per language, each with its held-out part."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from core.yaml_loader import LOADER

Language = Literal["en", "ja"]
Split = Literal["train", "held"]
LANGUAGES: tuple[Language, ...] = ("en", "ja")
WORDING = Path(__file__).parent / "wording"


@cache
def load(name: str) -> Any:
    """Read `wording/<name>.yaml`; raises OSError when it is missing."""
    with (WORDING / f"{name}.yaml").open(encoding="utf-8") as file:
        return yaml.load(file, Loader=LOADER)


def users(language: Language, kind: str) -> dict[str, dict[str, list[str]]]:
    """Phrases of people: intent or topic → split → phrases; kind is `talk` or `guide`."""
    phrases: dict[str, dict[str, list[str]]] = load(f"{language}/user_{kind}")
    if kind == "talk":
        phrases = phrases | load(f"{language}/user_mood")
    return phrases


def lexicon(language: Language) -> dict[str, list[str]]:
    """Word lists that the phrases of people refer to."""
    words: dict[str, list[str]] = load(f"{language}/lexicon")
    return words


def replies(language: Language, kind: str) -> dict[str, Any]:
    """Phrases of the starter; kind is `talk`, `guide` or `honest`."""
    phrases: dict[str, Any] = load(f"{language}/reply_{kind}")
    return phrases


def tones(language: Language) -> dict[str, dict[str, list[str]]]:
    """Tone → labels, openers and endings."""
    table: dict[str, dict[str, list[str]]] = load(f"{language}/tones")
    return table
