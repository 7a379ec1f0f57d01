"""The response processor: between what a model sends and what a room hears."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from core.providers.base import Chunk
from core.rooms.rules import name_key
from core.rooms.speech.blanks import Blanks
from core.rooms.speech.filters import Filters
from core.rooms.speech.letters import Letters
from core.rooms.speech.markup import Markup
from core.rooms.speech.onward import Onward
from core.rooms.speech.opening import Opening
from core.rooms.speech.others import Others
from core.rooms.speech.rules import Filter
from core.rooms.speech.stage import Stage
from core.rooms.speech.template import Template
from core.rooms.speech.thoughts import Thoughts
from core.rooms.speech.tone import Heard

CUT_OFF = "length"  # the `done_reason` of an answer that ran out of tokens


class Processor:
    """One reply on its way into the room, one object a reply. Not thread-safe.

    What is said does not depend on how the reply was cut into chunks. Meaning is never
    rewritten: words pass as they are, masked by a filter that the user has switched on, or
    not at all.
    """

    def __init__(
        self,
        name: str,
        others: Iterable[str] = (),
        *,
        filters: Sequence[Filter] = (),
        tone: Callable[[str], Heard | None] = lambda _said: None,
    ) -> None:
        """`name` is the speaker's; `others` are those for whom it must not speak.

        `tone` measures the whole reply once it is over.
        """
        self._thoughts, self._template = Thoughts(), Template()
        self._others = Others(one for one in others if name_key(one) != name_key(name))
        self._rules, self._tone = filters, tone
        self._filters = Filters(filters)
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
        self._cut_off = False

    def go_on_after(self, said: str) -> None:
        """Before anything is heard: what comes is the rest of a reply that began with `said`."""
        first = Onward(said)
        self._stages = tuple(first if isinstance(one, Opening) else one for one in self._stages)

    def heard(self, chunk: Chunk) -> str:
        """What can be said now; empty once the reply has `ended`."""
        if chunk.reasoning:
            self._thoughts.think(chunk.reasoning)
        self._cut_off = self._cut_off or chunk.done_reason == CUT_OFF
        text = chunk.text
        for stage in self._stages:
            if not text:
                return ""
            text = stage.heard(text)
        return self._say(self._filters.heard(text))

    def rest(self) -> str:
        """What was held back, now that nothing more comes.

        Of an answer that ran out of tokens, what a filter holds back is not said: it may be
        the beginning of what must not be.
        """
        text = ""
        for stage in self._stages:
            text = stage.heard(text) + stage.rest()
        text = self._filters.heard(text)
        return self._say(text if self._cut_off else text + self._filters.rest())

    @property
    def ended(self) -> bool:
        """The reply is over, whatever the model would go on to say."""
        return self._template.ended or self._others.ended or self._filters.ended

    @property
    def thinks(self) -> bool:
        """Whether it has thought aloud."""
        return self._thoughts.began

    @property
    def reasoning(self) -> str | None:
        """What the model thought aloud so far, filtered; `None` when it did not."""
        return self._filtered_thoughts()[0] or None

    @property
    def report(self) -> dict[str, Any] | None:
        """What was done to the reply and heard in it, as `Message.speech` keeps it.

        `cut`: why it ended early; `masked`: how often each rule was applied; `slow`: rules that
        took too long; `tone`: how it was kept. `None`: nothing of all that.
        """
        in_thoughts = self._filtered_thoughts()[1]
        masked = self._filters.masked + in_thoughts.masked
        slow = dict.fromkeys([*self._filters.slow, *in_thoughts.slow])
        heard = self._tone("".join(self._said))
        found: dict[str, Any] = {
            "cut": self._cut(),
            "masked": dict(masked),
            "slow": list(slow),
            "tone": asdict(heard) if heard else None,
        }
        return {name: value for name, value in found.items() if value} or None

    def _cut(self) -> dict[str, str] | None:
        if self._filters.cut is not None:
            return {"kind": "filter", "rule": self._filters.cut}
        if self._others.cut is not None:
            return {"kind": "speaker", "name": self._others.cut}
        if self._template.cut is not None:
            return {"kind": "template", "mark": self._template.cut}
        return None

    def _filtered_thoughts(self) -> tuple[str, Filters]:
        filters = Filters(self._rules)
        return filters.heard(self._thoughts.thoughts) + filters.rest(), filters

    def _say(self, text: str) -> str:
        if text:
            self._said.append(text)
        return text
