"""The rules that count in this installation, and the processors that apply them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from core.agents import Agent
from core.paths import SPEECH_RULES
from core.rooms.speech.processor import Processor
from core.rooms.speech.rule_reader import read_rules
from core.rooms.speech.rules import Filter
from core.rooms.speech.tone import Heard, hear
from core.rule_file import RuleFile
from core.settings import Settings

PREFERENCE = "speech_filters"
LOOK_AGAIN_S = 0.5  # a change of the file is seen after at most this

MakeProcessor = Callable[[str, Iterable[str]], Processor]


class Choices(Protocol):
    """What the user chose, by name."""

    def get(self, name: str, default: Any = None) -> Any: ...


class Speech:
    """Thread-safe. A choice or a saved file counts from the next reply on."""

    def __init__(self, settings: Settings, choices: Choices) -> None:
        self.file = RuleFile(SPEECH_RULES, settings.paths.speech_rules, read_rules, LOOK_AGAIN_S)
        self._settings, self._choices = settings, choices

    def switched_on(self) -> tuple[str, ...]:
        """The names of the filter groups that are on."""
        return tuple(self._choices.get(PREFERENCE, self._settings.speech.filters))

    def processor_for(self, agent: Agent) -> MakeProcessor:
        """What makes the processor of one reply of `agent`."""
        filters = self._filters()

        def measured(said: str) -> Heard | None:
            return hear(said, self.file.rules().tones, agent.tones) if agent.tones else None

        def make(name: str, others: Iterable[str]) -> Processor:
            return Processor(name, others, filters=filters, tone=measured)

        return make

    def _filters(self) -> Sequence[Filter]:
        names = self.switched_on()
        return self.file.rules().filters(names) if names else ()
