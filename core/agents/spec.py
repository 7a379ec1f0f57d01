"""What an agent is: a character that a person can read and write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SYSTEM, USER = "system", "user"
LANGUAGES = ("", "en", "ja")
MEMORY_SCOPES = ("none", "room", "agent")


@dataclass(frozen=True, slots=True)
class Agent:
    """One character.

    `model` is a model reference; `None` means the app's default model. `body` is the free text
    of its file and goes into the prompt. `introduction` has one line per language code, and
    `descriptions` has what screens show in place of `description`, which models read.
    `options` are sampling options (temperature, top_p, max_tokens, seed). `language` is the one
    it speaks, "" for that of whoever speaks to it. `memory` says what it may remember from:
    nothing, the room, or every room it is in. `greetings` are its first lines, the usual one
    first; `examples` are dialogues that show how it speaks. `talkativeness` is 0 to 1, `None`
    when nobody chose. `avatar` and `card` name files beside its own.

    `source` is "system" for a bundled one and "user" for one in the data folder; `file` is its
    file's name and `revision` the SHA-256 of the file's bytes, both "" when there is none.
    """

    name: str
    description: str = ""
    gender: str = ""
    background: str = ""
    personalities: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tones: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    model: str | None = None
    adapter: str | None = None
    template: str = "default"
    body: str = ""
    introduction: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    source: str = USER
    language: str = ""
    memory: str = "room"
    greetings: tuple[str, ...] = ()
    examples: str = ""
    talkativeness: float | None = None
    avatar: str | None = None
    card: str | None = None
    file: str = ""
    revision: str = ""

    def introduce(self, language: str) -> str:
        """Its own line in `language`, else in English, else its description."""
        own = self.introduction
        return own.get(language) or own.get("en") or self.describe(language)

    def describe(self, language: str) -> str:
        """What it is, in `language` when its file says it there."""
        return self.descriptions.get(language) or self.description
