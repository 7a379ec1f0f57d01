"""How long to wait before trying again."""

from __future__ import annotations

import random


class Backoff:
    """Doubles from `first_s` up to `longest_s`, each time shortened by up to half at random.

    The randomness keeps many clients of a server that restarts from coming all at once.
    """

    def __init__(
        self,
        first_s: float = 0.5,
        longest_s: float = 30.0,
        chance: random.Random | None = None,
    ) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._chance = chance or random.Random()
        self._tries = 0

    def next_s(self) -> float:
        """Seconds to wait before the next try."""
        full = min(self._longest_s, self._first_s * 2.0 ** min(self._tries, 30))
        self._tries += 1
        return full * (0.5 + self._chance.random() / 2)

    def reset(self) -> None:
        """It worked: the next failure waits briefly again."""
        self._tries = 0
