"""What an agent is: a character that a person can read and write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Agent:
    """One character.

    `model` is a model reference; `None` means the app's default model. `body` is the free text
    of its file and goes into the prompt. `introduction` has one line per language code.
    `options` are sampling options (temperature, top_p, max_tokens, seed). `source` is
    "system" for a bundled one and "user" for one in the data folder.
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
    options: Mapping[str, Any] = field(default_factory=dict)
    source: str = "user"

    def introduce(self, language: str) -> str:
        """Its own line in `language`, else in English, else its description."""
        return self.introduction.get(language) or self.introduction.get("en") or self.description
