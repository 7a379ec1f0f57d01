"""One model is asked, up to the first visible character of its answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from core.errors import AnswerEmpty, StreamBroken
from core.messages import PromptMessage, Usage
from core.providers.base import Chunk, GenerationOptions, Provider
from core.providers.cache import AnswerCache, KeptAnswer
from core.providers.registry import Registry

PromptFor = Callable[[str, int], Sequence[PromptMessage]]
"""Makes the prompt for a model that has so many tokens of context."""

LEAST_CONTEXT = 256
LEAST_ANSWER = 64


@dataclass(frozen=True, slots=True)
class Thinking:
    """A model thinks aloud before its first word; told once a model, before it is `Chosen`."""

    ref: str


@dataclass(frozen=True, slots=True)
class Asking:
    """What one answer is asked with, whichever model gives it."""

    registry: Registry
    prompt_for: PromptFor
    cancel: threading.Event
    cache: AnswerCache | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer up to its first visible character, and what follows."""

    held: list[Chunk]
    rest: Generator[Chunk, None, None]
    key: str | None = None
    kept_at: str | None = None  # it is from the cache, given then


def begin(asking: Asking, ref: str, options: GenerationOptions) -> Generator[Thinking, None, Begun]:
    """Ask `ref`, or the cache. Raises what the model fails with before its first word."""
    registry, cache = asking.registry, asking.cache
    provider = registry.provider(ref)
    prompt = asking.prompt_for(ref, options.context_tokens)
    key = cache.key(ref, prompt, options) if cache is not None else None
    kept = cache.find(key) if cache is not None and key is not None else None
    if key is not None:
        registry.counts.looked_up(hit=kept is not None)
    if kept is not None:
        return Begun([], _again(kept), kept_at=kept.at)
    return (yield from _ask(asking, provider, ref, prompt, options, key))


def begin_after(
    asking: Asking, ref: str, options: GenerationOptions, said: str
) -> Generator[Thinking, None, Begun]:
    """Ask `ref` to go on from what was `said` in its place already."""
    spent = asking.registry.tokens(ref)(said)
    left = replace(options, max_tokens=max(LEAST_ANSWER, options.max_tokens - spent))
    room = max(LEAST_CONTEXT, options.context_tokens - spent)
    begun = PromptMessage("assistant", said, unfinished=True)
    prompt = [*asking.prompt_for(ref, room), begun]
    provider = asking.registry.provider(ref)
    return (yield from _ask(asking, provider, ref, prompt, left, None))


def _ask(
    asking: Asking,
    provider: Provider,
    ref: str,
    prompt: Sequence[PromptMessage],
    options: GenerationOptions,
    key: str | None,
) -> Generator[Thinking, None, Begun]:
    pieces = _pieces(asking.registry, provider, ref, prompt, options, asking.cancel)
    try:
        held = yield from _until_first_text(pieces, ref)
        return Begun(held, pieces, key)
    except AnswerEmpty:
        pieces.close()
        if not (prompt and prompt[-1].unfinished):
            raise
        return Begun([Chunk(done_reason="stop")], pieces)  # there was nothing to add
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
