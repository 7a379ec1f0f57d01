"""The files that prompts are made with: templates and the rules that choose among them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from core.agents.rules import Rules
from core.agents.template import Templates
from core.errors import FileInvalid
from core.paths import PROMPT_RULES, TEMPLATES, DataPaths


@dataclass(frozen=True, slots=True)
class PromptFiles:
    """Templates and rules of an installation; both see changes of their files."""

    templates: Templates
    rules: Rules

    def errors(self) -> list[FileInvalid]:
        """What is wrong in these files, each with its line; the last good ones are used."""
        broken = self.rules.error()
        return [*([broken] if broken else []), *self.templates.errors()]


@lru_cache(maxsize=8)
def prompt_files(data: DataPaths | None = None) -> PromptFiles:
    """The bundled files and those of a data folder; one object per folder."""
    if data is None:
        return PromptFiles(Templates(TEMPLATES), Rules(PROMPT_RULES))
    return PromptFiles(Templates(TEMPLATES, data.templates), Rules(PROMPT_RULES, data.prompt_rules))
