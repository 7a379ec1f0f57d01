"""What an examination says about one part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.errors import WorkbenchError
from core.text import N_, language, translate


class Level(StrEnum):
    """`ERROR`: the app cannot work like this. `WARNING`: it can, but something is missing."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


TITLES: dict[str, str] = {
    "python": N_("Python"),
    "packages": N_("Packages"),
    "data_folder": N_("Data folder"),
    "database": N_("Database"),
    "encoder": N_("Sentence encoder"),
    "starter": N_("Starter model"),
    "ollama": N_("Ollama"),
    "gpu": N_("Graphics card"),
    "port": N_("Port"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: how it is, and what to do about it.

    `text` and `next_step` are English sources for the catalogues, filled from `params`;
    `next_step` is empty when there is nothing to do. Of a `cause` the own words are taken.
    """

    part: str
    level: Level
    text: str = ""
    next_step: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    cause: WorkbenchError | None = None

    def title(self, lang: str | None = None) -> str:
        """The part's name for people."""
        return translate(TITLES.get(self.part, self.part), lang or language())

    def message(self, lang: str | None = None) -> str:
        """How it is, in one sentence."""
        if self.cause is not None and not self.text:
            return self.cause.message(lang)
        return translate(self.text, lang or language(), self.params)

    def hint(self, lang: str | None = None) -> str:
        """The next step; empty when all is well."""
        if self.cause is not None and not self.next_step:
            return self.cause.hint(lang)
        return translate(self.next_step, lang or language(), self.params)

    def as_dict(self, lang: str | None = None) -> dict[str, str]:
        return {
            "part": self.part,
            "title": self.title(lang),
            "level": str(self.level),
            "message": self.message(lang),
            "hint": self.hint(lang),
        }
