"""What follows the first word: when memory runs out in the middle, a lesser way goes on from there.

What was said stays, once: the model is shown it as the beginning of its own answer, and where it
begins anew with the same words all the same, those are left out.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace

from core.errors import ModelNotFound, OutOfMemory, ProviderError
from core.metrics import Counts
from core.providers.asking import Asking, Begun, Thinking, begin_after
from core.providers.base import Chunk
from core.providers.chosen import Chosen
from core.providers.ladder.climb import Climb


def spoken(
    asking: Asking, climb: Climb, begun: Begun
) -> Generator[Thinking | Chosen | Chunk, None, None]:
    """The chunks of an answer that has begun, to its end.

    Raises:
        ProviderError: it failed in the middle, and no lesser way could go on.
    """
    said = ""
    repeats = Repeated("")
    while True:
        try:
            with closing(begun.rest):
                for chunk in _all(begun, asking.registry.counts, climb.rung.ref):
                    for fresh in repeats.without(chunk):
                        said += fresh.text
                        yield fresh
            return
        except OutOfMemory as error:
            if asking.cancel.is_set() or not climb.down(error):
                raise
            climb.broke_off()
            begun = yield from _elsewhere(asking, climb, said, error)
        repeats = Repeated(said)
        used = climb.rung.ref
        yield Chosen(used, climb.reason(), asking.registry.host(used))


def _elsewhere(
    asking: Asking, climb: Climb, said: str, broken: OutOfMemory
) -> Generator[Thinking, None, Begun]:
    """Go on with the first lesser way that can; raises `broken` when none can."""
    while True:
        ref = climb.rung.ref
        try:
            return (yield from begin_after(asking, ref, climb.options, said))
        except (ProviderError, ModelNotFound) as error:
            asking.registry.counts.failed(ref, error.code)
            short = isinstance(error, OutOfMemory) or ref != climb.ref
            if not short or not climb.down(error):
                raise broken from None


def _all(begun: Begun, counts: Counts, ref: str) -> Iterator[Chunk]:
    """Every chunk; a failure in the middle of them is counted."""
    yield from begun.held
    try:
        yield from begun.rest
    except ProviderError as error:
        counts.failed(ref, error.code)
        raise


class Repeated:
    """Leaves out the beginning of an answer as long as it repeats what was said before."""

    def __init__(self, said: str) -> None:
        self._said = said
        self._held = ""
        self._over = not said

    def without(self, chunk: Chunk) -> Iterator[Chunk]:
        """The chunk without what is a repetition; held back while that is not known."""
        if self._over:
            yield chunk
            return
        self._held += chunk.text
        same = self._said.startswith(self._held)
        if same and chunk.done_reason is None:
            if chunk.reasoning:
                yield replace(chunk, text="")
            return
        self._over = True
        if self._held.startswith(self._said):
            yield replace(chunk, text=self._held[len(self._said) :])
        else:
            yield replace(chunk, text="" if same else self._held)
