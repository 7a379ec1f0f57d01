"""One answer from a chain of models: the first that has something to say gives it."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence

from core.errors import (
    FellBack,
    FellBackToCache,
    FromCache,
    ModelNotFound,
    OutOfMemory,
    ProviderError,
    WorkbenchError,
)
from core.messages import Reason
from core.providers.asking import Asking, Begun, PromptFor, Thinking, begin
from core.providers.base import STARTER, Chunk, GenerationOptions
from core.providers.cache import AnswerCache
from core.providers.chosen import Chosen
from core.providers.ladder.climb import Climb
from core.providers.ladder.going_on import spoken
from core.providers.registry import Registry

__all__ = ["Chosen", "PromptFor", "Thinking", "answer"]


def answer(
    registry: Registry,
    chain: Sequence[str],
    prompt_for: PromptFor,
    options: GenerationOptions,
    cancel: threading.Event,
    *,
    cache: AnswerCache | None = None,
    last_resort: bool = True,
) -> Iterator[Thinking | Chosen | Chunk]:
    """Ask the models of `chain` in order until one speaks; the starter is the last (it is not
    asked when `last_resort` is false).

    Yields `Chosen`, then the chunks; `Thinking` may come before it. A model that fails, or
    ends, before its first visible character is passed over; what it thought aloud until then
    is dropped. One that runs out of memory is first asked for less, as its ladder says; when that
    happens in the middle of the answer, it goes on from there, after another `Chosen`. One whose
    server failed too often just now is passed over without a wait. Only models that stand in
    `chain`, or in the user's own list for the ladder, are asked, so nothing leaves this machine
    that the user has not put there. When `cancel` is set the iterator ends without a chunk that
    has `done_reason`.

    Raises:
        ProviderError: the chosen model failed in the middle of its answer, or none answered
            (then it is the error of the first one).
        ModelNotFound: none answered, and the first has no provider.
    """
    first_error: WorkbenchError | None = None
    asking = Asking(registry, prompt_for, cancel, cache)
    for ref in _ending_at_starter(chain) if last_resort else chain:
        climb = registry.ladder.begin(ref, registry.tuned(ref, options))
        try:
            begun = yield from _with_less(asking, climb)
        except (ProviderError, ModelNotFound) as error:
            first_error = first_error or error
            continue
        if cancel.is_set():
            begun.rest.close()
            return
        used = climb.rung.ref
        registry.counts.chosen(used, _route(first_error, begun.kept_at))
        reason = _why(chain, used, first_error, begun.kept_at) or climb.reason()
        yield Chosen(used, reason, registry.host(used), begun.key)
        yield from spoken(asking, climb, begun)
        return
    assert first_error is not None  # the chain is never empty
    raise first_error


def _with_less(asking: Asking, climb: Climb) -> Generator[Thinking, None, Begun]:
    """Begin on the first rung that the memory has room for.

    Raises:
        ProviderError, ModelNotFound: the model failed otherwise, or on the last rung (then it is
            the error of the first one).
    """
    first: WorkbenchError | None = None
    while True:
        try:
            return (yield from begin(asking, climb.rung.ref, climb.options))
        except (ProviderError, ModelNotFound) as error:
            asking.registry.counts.failed(climb.rung.ref, error.code)
            first = first or error
            short = isinstance(error, OutOfMemory) or climb.rung.ref != climb.ref
            if not short or not climb.down(error):
                raise first from None


def _ending_at_starter(chain: Sequence[str]) -> list[str]:
    """The chain without doubles, and with the starter as its last resort."""
    return list(dict.fromkeys([*chain, STARTER]))


def _route(error: WorkbenchError | None, kept_at: str | None) -> str:
    """The same in one word, for the counts."""
    return "cache" if kept_at is not None else "fallback" if error is not None else "wanted"


def _why(
    chain: Sequence[str], used: str, error: WorkbenchError | None, kept_at: str | None
) -> Reason | None:
    """Why the answer is not simply that of the model that was wanted; `None` when it is."""
    if error is not None and kept_at is not None:
        return FellBackToCache(wanted=chain[0], used=used, cause=error, at=kept_at[:10]).reason()
    if error is not None:
        return FellBack(wanted=chain[0], used=used, cause=error).reason()
    return FromCache(model=used, at=kept_at[:10]).reason() if kept_at is not None else None
