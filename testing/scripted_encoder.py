"""An encoder whose every meaning is written down beforehand: texts of one topic are alike."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.errors import EncoderAway

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass
class ScriptedEncoder:
    """`topics` are words by topic: a text is of the first one of whose words it has one.

    `hold` is waited for before every answer; `away` makes it fail. `asked` records all texts.
    """

    topics: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hold: threading.Event | None = None
    away: bool = False
    english: bool = True
    name: str = "scripted"
    asked: list[list[str]] = field(default_factory=list)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        self.asked.append(list(texts))
        if self.hold is not None:
            self.hold.wait(30)
        if self.away:
            raise EncoderAway(model=self.name, detail="scripted")
        return np.stack([self._vector(self._topic(text)) for text in texts])

    def _vector(self, topic: str) -> NDArray[np.float32]:
        """Far from every other topic's: random numbers that depend on its name alone."""
        import numpy as np

        vector = np.random.default_rng(list(topic.encode())).standard_normal(256)
        return (vector / np.linalg.norm(vector)).astype("<f4")

    def _topic(self, text: str) -> str:
        words = text.casefold()
        found = (name for name, some in self.topics.items() if any(one in words for one in some))
        return next(found, text)
