"""One answer from a chain of models: the first that has something to say gives it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from core.errors import (
    AnswerEmpty,
    FellBack,
    FellBackToCache,
    FromCache,
    ModelNotFound,
    ProviderError,
    StreamBroken,
    WorkbenchError,
)
from core.messages import PromptMessage, Reason, Usage
from core.metrics import Counts
from core.providers.base import STARTER, Chunk, GenerationOptions, Provider
from core.providers.cache import AnswerCache, KeptAnswer
from core.providers.registry import Registry

PromptFor = Callable[[str], Sequence[PromptMessage]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which model answers, told before its first chunk.

    `reason` is set when it is not the first of the chain (the code "fallback" with `wanted`,
    `used` and `cause`) or not asked at all ("from_cache", "fallback_cached"). `host` names the
    machine when the model runs elsewhere. `key`: where the answer cache may keep the answer.
    """

    ref: str
    reason: Reason | None = None
    host: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Thinking:
    """A model thinks aloud before its first word; told once a model, before it is `Chosen`."""

    ref: str


@dataclass(frozen=True, slots=True)
class _Begun:
    """An answer up to its first visible character, and what follows."""

    held: list[Chunk]
    rest: Generator[Chunk, None, None]
    key: str | None = None
    kept_at: str | None = None  # it is from the cache, given then


def answer(
    registry: Registry,
    chain: Sequence[str],
    prompt_for: PromptFor,
    options: GenerationOptions,
    cancel: threading.Event,
    *,
    cache: AnswerCache | None = None,
) -> Iterator[Thinking | Chosen | Chunk]:
    """Ask the models of `chain` in order until one speaks; the starter is always the last.

    Yields `Chosen` once, then the chunks; `Thinking` may come before it. A model that fails, or
    ends, before its first visible character is passed over; what it thought aloud until then
    is dropped. One whose server failed too often just now is passed over without a wait. Only
    models that stand in `chain` are asked, so nothing leaves this machine that the user has not
    put there. When `cancel` is set the iterator ends without a chunk that has `done_reason`.

    Raises:
        ProviderError: the chosen model failed in the middle of its answer, or none answered
            (then it is the error of the first one).
        ModelNotFound: none answered, and the first has no provider.
    """
    first_error: WorkbenchError | None = None
    for ref in _ending_at_starter(chain):
        try:
            begun = yield from _begin(registry, ref, prompt_for, options, cancel, cache)
        except (ProviderError, ModelNotFound) as error:
            registry.counts.failed(ref, error.code)
            first_error = first_error or error
            continue
        with closing(begun.rest):
            if cancel.is_set():
                return
            reason = _why(chain, ref, first_error, begun.kept_at)
            registry.counts.chosen(ref, _route(first_error, begun.kept_at))
            yield Chosen(ref, reason, registry.host(ref), begun.key)
            yield from begun.held
            yield from _counted(begun.rest, registry.counts, ref)
            return
    assert first_error is not None  # the chain is never empty
    raise first_error


def _ending_at_starter(chain: Sequence[str]) -> list[str]:
    """The chain without doubles, and with the starter as its last resort."""
    return list(dict.fromkeys([*chain, STARTER]))


def _begin(
    registry: Registry,
    ref: str,
    prompt_for: PromptFor,
    options: GenerationOptions,
    cancel: threading.Event,
    cache: AnswerCache | None,
) -> Generator[Thinking, None, _Begun]:
    provider, options = registry.provider(ref), registry.tuned(ref, options)
    prompt = prompt_for(ref)
    key = cache.key(ref, prompt, options) if cache is not None else None
    kept = cache.find(key) if cache is not None and key is not None else None
    if key is not None:
        registry.counts.looked_up(hit=kept is not None)
    if kept is not None:
        return _Begun([], _again(kept), kept_at=kept.at)
    pieces = _pieces(registry, provider, ref, prompt, options, cancel)
    try:
        held = yield from _until_first_text(pieces, ref)
        return _Begun(held, pieces, key)
    except BaseException:
        pieces.close()  # now, not when the error's traceback is forgotten
        raise


def _again(kept: KeptAnswer) -> Generator[Chunk, None, None]:
    """An answer from the cache; nothing was generated for it."""
    yield Chunk(kept.content)
    yield Chunk(usage=Usage(prompt_tokens=0, completion_tokens=0), done_reason="stop")


def _pieces(
    registry: Registry,
    provider: Provider,
    ref: str,
    prompt: Sequence[PromptMessage],
    options: GenerationOptions,
    cancel: threading.Event,
) -> Generator[Chunk, None, None]:
    """One model's chunks up to its last; an end without one is an error unless cancelled."""
    counted, breaker = registry.counts.generation(ref), registry.breaker(ref)
    with breaker.attempt(ref) as attempt, counted as generation:
        stream = provider.stream(ref, prompt, attempt.options(options), cancel)
        try:
            for chunk in stream:
                attempt.heard()
                done = chunk.done_reason is not None
                generation.heard(chunk.text, chunk.usage, chunk.load_ms, done=done)
                if done:
                    attempt.completed()
                    yield chunk
                    return
                yield chunk
        finally:
            if isinstance(stream, Generator):
                stream.close()
        if not cancel.is_set():
            raise StreamBroken(model=ref, detail="it ended before it was done")


def _counted(pieces: Iterator[Chunk], counts: Counts, ref: str) -> Generator[Chunk, None, None]:
    """The same pieces; a failure in the middle of them is counted."""
    try:
        yield from pieces
    except ProviderError as error:
        counts.failed(ref, error.code)
        raise


def _until_first_text(pieces: Iterator[Chunk], ref: str) -> Generator[Thinking, None, list[Chunk]]:
    """The chunks up to the first visible character; blanks and thoughts alone are none."""
    held: list[Chunk] = []
    thinks = False
    for chunk in pieces:
        held.append(chunk)
        if chunk.reasoning and not thinks:
            thinks = True
            yield Thinking(ref)
        if chunk.says:
            return held
        if chunk.done_reason is not None:
            raise AnswerEmpty(model=ref)
    return held  # cancelled


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
