"""What every stage of the response processor is."""

from __future__ import annotations

from typing import Protocol


class Stage(Protocol):
    """Hears one reply piece by piece and gives on what can be said.

    However the reply is cut into pieces, the same is said. Nothing is held back longer than it
    could still become what the stage looks for. A stage that has `ended` lets nothing through:
    the reply is over where it says so.
    """

    ended: bool

    def heard(self, text: str) -> str:
        """What can be said now that `text` was heard, too."""

    def rest(self) -> str:
        """What was held back, now that nothing more comes. Called once."""
