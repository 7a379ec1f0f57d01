"""What a character seems to say when nobody could answer for it: a notice, never its words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core import yaml_loader
from core.agents.spec import Agent
from core.paths import CONFIG

FILE = CONFIG / "notices.yaml"


@dataclass(frozen=True, slots=True)
class Notices:
    """The sentences for some tones, per language code; no tones: for all that match nothing."""

    tones: frozenset[str]
    sentences: dict[str, tuple[str, ...]]


def notice(agent: Agent, language: str, turn: int) -> str:
    """A sentence in the tone of `agent`, in its own language, else in `language`.

    The same turn (a message's seq) gets the same sentence each time it is drawn.
    """
    chosen = _for(agent.tones).sentences
    spoken = chosen.get(agent.language or language) or chosen["en"]
    return spoken[turn % len(spoken)]


def all_notices() -> tuple[str, ...]:
    """Every sentence that `notice` may give."""
    return tuple(
        sentence
        for entry in load(FILE)
        for spoken in entry.sentences.values()
        for sentence in spoken
    )


@lru_cache(maxsize=4)
def load(file: Path) -> tuple[Notices, ...]:
    """The entries of a notices file, in its order."""
    entries = yaml_loader.load(file.read_text(encoding="utf-8"))
    return tuple(
        Notices(
            frozenset(tone.casefold() for tone in entry["tones"]),
            {code: tuple(entry[code]) for code in entry if code != "tones"},
        )
        for entry in entries
    )


def _for(tones: Iterable[str]) -> Notices:
    own = {tone.strip().casefold() for tone in tones}
    entries = load(FILE)
    return next((entry for entry in entries if entry.tones & own), entries[-1])
