"""One answer's way down the ladder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from core.errors import (
    LessContext,
    Lessened,
    LesserModel,
    LessKv,
    LessLayers,
    LessPrecise,
    OnProcessor,
    OutOfMemory,
    WentOn,
    WorkbenchError,
)
from core.messages import Reason
from core.providers.base import GenerationOptions
from core.providers.ladder.rungs import Rung, Step

REASONS: Mapping[Step, type[Lessened]] = {
    "context": LessContext,
    "kv": LessKv,
    "layers": LessLayers,
    "quantization": LessPrecise,
    "model": LesserModel,
    "cpu": OnProcessor,
}


class Keeper(Protocol):
    """Remembers where a model stands."""

    def lowered(
        self,
        ref: str,
        way: Sequence[Rung],
        wanted: GenerationOptions,
        level: int,
        cause: WorkbenchError,
    ) -> None: ...


class Climb:
    """Where one answer of `ref` stands on its `way`. For one thread.

    `cause` is why it does not stand on top; errors on the way down go to `keeper`.
    """

    def __init__(
        self,
        keeper: Keeper,
        way: Sequence[Rung],
        wanted: GenerationOptions,
        level: int = 0,
        cause: Reason | None = None,
    ) -> None:
        self.ref = way[0].ref
        self._keeper, self._way, self._wanted = keeper, way, wanted
        self._level, self._cause = min(level, len(way) - 1), cause
        self._broken = False

    @property
    def rung(self) -> Rung:
        return self._way[self._level]

    @property
    def options(self) -> GenerationOptions:
        """How the answer is asked for now."""
        return self.rung.options(self._wanted)

    def down(self, error: WorkbenchError, *, to: int | None = None) -> bool:
        """Step down because of `error`; false when there is no lower rung."""
        level = self._level + 1 if to is None else to
        if level >= len(self._way):
            return False
        self._level = level
        if self._cause is None or isinstance(error, OutOfMemory):
            self._cause = error.reason()
        self._keeper.lowered(self.ref, self._way, self._wanted, level, error)
        return True

    def broke_off(self) -> None:
        """It has already said something, and what follows goes on from there."""
        self._broken = True

    def reason(self) -> Reason | None:
        """What is stored with the answer; `None` when it was given as wanted."""
        if self.rung.step == "whole" or self._cause is None:
            return None
        rung = self.rung
        given = {
            "model": self.ref,
            "before": rung.before,
            "after": rung.after,
            "cause": self._cause,
        }
        found = REASONS[rung.step](**given)
        return WentOn(**given, how=found).reason() if self._broken else found.reason()
