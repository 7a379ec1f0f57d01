"""What lines mean, for the damper: whether they say nothing, or what was said before.

A line says nothing when its vector is near one of `SAYINGS`, and repeats when it is near a line
before it; several that are all near each other are one thought. With an encoder that knows English
only, lines of other scripts are left to the words. For the installed encoder there are fitted
weights, too, which tell a courtesy by its vector and count beside the marks of `emptiness`.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from core.rooms.limits.damper import LOOKED_AT, goes_in_circles
from core.rooms.limits.emptiness import JUDGED, WINDOW, says_nothing
from core.rooms.limits.sayings import SAYINGS
from core.rooms.limits.wording import Spoken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COURTEOUS = 0.5  # cosine to a saying
ALIKE = 0.67  # cosine of two lines that mean the same
KEPT = 1_000  # vectors
THOUGHT = 6  # lines that all mean one thing
NEAR_EARLY, NEAR = 0.5, 0.6  # their mean cosine, at the beginning of a talk and later
FEWEST, MOST = 5, 14  # words a line: few are near by their form alone, many by their subject

_LATIN = re.compile(r"[a-zA-Z]")
_OTHER = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0400-\u04ff]")


WEIGHTS = Path(__file__).with_name("meaning.json")


class Encoding(Protocol):
    """The part of `core.embedding.Encoder` that is needed here."""

    @property
    def name(self) -> str: ...
    @property
    def english(self) -> bool: ...
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


class Meaning:
    """Keeps the vectors of the newest lines. Used by one thread."""

    def __init__(self, encoder: Encoding) -> None:
        self._encoder = encoder
        self._kept: OrderedDict[tuple[str, str], NDArray[np.float32]] = OrderedDict()

    def says_nothing(self, texts: Sequence[str]) -> list[bool]:
        """For each of these lines, the oldest first; encodes those that are new.

        Raises:
            EncoderAway: there is no encoder, or it failed.
        """
        import numpy as np

        vectors = np.stack(self._vectors([*SAYINGS, *texts]))
        sayings, lines = vectors[: len(SAYINGS)], vectors[len(SAYINGS) :]
        courteous = (lines @ sayings.T).max(axis=1) >= COURTEOUS
        alike = np.tril(lines @ lines.T, -1).max(axis=1) >= ALIKE
        known = [self._understood(text) for text in texts]
        return [bool(one) and it for one, it in zip(courteous | alike, known, strict=True)]

    def one_thought(self, lines: Sequence[Spoken]) -> bool:
        """Whether the newest lines say one thing in ever new words.

        Raises:
            EncoderAway: there is no encoder, or it failed.
        """
        import numpy as np

        texts = [line.text for line in lines[-THOUGHT:]]
        speakers = {line.speaker for line in lines[-THOUGHT:]}
        if len(texts) < THOUGHT or len(speakers) < 2 or not all(map(self._understood, texts)):
            return False
        if not FEWEST <= sum(len(text.split()) for text in texts) / THOUGHT <= MOST:
            return False
        vectors = np.stack(self._vectors(texts))
        near = (vectors @ vectors.T)[np.triu_indices(THOUGHT, 1)].mean()
        return bool(near >= (NEAR_EARLY if len(lines) <= JUDGED else NEAR))

    def courteous(self, lines: Sequence[Spoken]) -> float | None:
        """The log of the odds that the newest lines mean courtesies, by fitted weights.

        `None`: the weights are another encoder's, or it does not understand all of the lines.

        Raises:
            EncoderAway: there is no encoder, or it failed.
        """
        import numpy as np

        texts = [line.text for line in lines[-WINDOW:]]
        if _fitted()["encoder"] != self._encoder.name or not all(map(self._understood, texts)):
            return None
        vectors = np.stack(self._vectors(texts))
        return float((vectors @ np.array(_fitted()["weights"])).mean() + _fitted()["bias"])

    def finds_circles(self, lines: Sequence[Spoken]) -> bool:
        """Whether these lines of agents close a loop, by words and by meaning together.

        Raises:
            EncoderAway: there is no encoder, or it failed.
        """
        run = lines[-LOOKED_AT:]
        meant = self.says_nothing([line.text for line in run])
        if goes_in_circles(lines, meant) or self.one_thought(run):
            return True
        courteous = self.courteous(run)
        return courteous is not None and says_nothing(run, courteous)

    def _understood(self, text: str) -> bool:
        return not self._encoder.english or (bool(_LATIN.search(text)) and not _OTHER.search(text))

    def _vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        name = self._encoder.name
        new = [text for text in dict.fromkeys(texts) if (name, text) not in self._kept]
        if new:
            for text, vector in zip(new, self._encoder.encode(new), strict=True):
                self._kept[name, text] = vector
        for text in texts:
            self._kept.move_to_end((name, text))
        found = [self._kept[name, text] for text in texts]
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found


@cache
def _fitted() -> dict[str, Any]:
    """What the numbers of one encoder's vectors weigh; see `tests.rooms.limits.fit_meaning`."""
    found: dict[str, Any] = json.loads(WEIGHTS.read_text("utf-8"))
    return found
