"""The response processor: between what a model sends and what a room hears."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.providers.base import Chunk
from core.rooms.rules import name_key
from core.rooms.speech.blanks import Blanks
from core.rooms.speech.letters import Letters
from core.rooms.speech.markup import Markup
from core.rooms.speech.opening import Opening
from core.rooms.speech.others import Others
from core.rooms.speech.stage import Stage
from core.rooms.speech.template import Template
from core.rooms.speech.thoughts import Thoughts


class Processor:
    """One reply on its way into the room, one object a reply. Not thread-safe.

    What is said does not depend on how the reply was cut into chunks. Meaning is never
    rewritten: words pass as they are, or not at all.
    """

    def __init__(self, name: str, others: Iterable[str] = ()) -> None:
        """`name` is the speaker's; `others` are those for whom it must not speak."""
        self._thoughts, self._template = Thoughts(), Template()
        self._others = Others(one for one in others if name_key(one) != name_key(name))
        self._stages: tuple[Stage, ...] = (
            Letters(),
            self._thoughts,
            self._template,
            Markup(),
            Opening(name),
            self._others,
            Blanks(),
        )
        self._said: list[str] = []

    def heard(self, chunk: Chunk) -> str:
        """What can be said now; empty once the reply has `ended`."""
        if chunk.reasoning:
            self._thoughts.think(chunk.reasoning)
        text = chunk.text
        for stage in self._stages:
            if not text:
                return ""
            text = stage.heard(text)
        return self._say(text)

    def rest(self) -> str:
        """What was held back, now that nothing more comes."""
        text = ""
        for stage in self._stages:
            text = stage.heard(text) + stage.rest()
        return self._say(text)

    @property
    def ended(self) -> bool:
        """The reply is over, whatever the model would go on to say."""
        return any(stage.ended for stage in self._stages)

    @property
    def thinks(self) -> bool:
        """Whether it has thought aloud."""
        return self._thoughts.began

    @property
    def reasoning(self) -> str | None:
        """What the model thought aloud so far; `None` when it did not."""
        return self._thoughts.thoughts or None

    @property
    def report(self) -> dict[str, Any] | None:
        """What was done to the reply, as `Message.speech` keeps it; `None`: nothing."""
        report: dict[str, Any] = {}
        if self._others.cut is not None:
            report["cut"] = {"kind": "speaker", "name": self._others.cut}
        elif self._template.cut is not None:
            report["cut"] = {"kind": "template", "mark": self._template.cut}
        return report or None

    def _say(self, text: str) -> str:
        if text:
            self._said.append(text)
        return text
