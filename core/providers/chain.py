"""One answer from a chain of models: the first that has something to say gives it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from core.errors import (
    AnswerEmpty,
    FellBack,
    ModelNotFound,
    ProviderError,
    StreamBroken,
    WorkbenchError,
)
from core.messages import PromptMessage, Reason
from core.providers.base import STARTER, Chunk, GenerationOptions
from core.providers.registry import Registry

PromptFor = Callable[[str], Sequence[PromptMessage]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which model answers, told before its first chunk.

    `reason` is set when it is not the first of the chain: the code "fallback" with `wanted`,
    `used` and `cause`. `host` names the machine when the model runs elsewhere.
    """

    ref: str
    reason: Reason | None = None
    host: str | None = None


def answer(
    registry: Registry,
    chain: Sequence[str],
    prompt_for: PromptFor,
    options: GenerationOptions,
    cancel: threading.Event,
) -> Iterator[Chosen | Chunk]:
    """Ask the models of `chain` in order until one speaks; the starter is always the last.

    Yields `Chosen` once, then the chunks. A model that fails, or ends, before its first
    visible character is passed over; what it thought aloud until then is dropped. Only models
    that stand in `chain` are asked, so nothing leaves this machine that the user has not put
    there. When `cancel` is set the iterator ends without a chunk that has `done_reason`.

    Raises:
        ProviderError: the chosen model failed in the middle of its answer, or none answered
            (then it is the error of the first one).
        ModelNotFound: none answered, and the first has no provider.
    """
    first_error: WorkbenchError | None = None
    for ref in _ending_at_starter(chain):
        with closing(_pieces(registry, ref, prompt_for, options, cancel)) as pieces:
            try:
                held = _until_first_text(pieces, ref)
            except (ProviderError, ModelNotFound) as error:
                first_error = first_error or error
                continue
            if cancel.is_set():
                return
            yield Chosen(ref, _why(chain, ref, first_error), registry.host(ref))
            yield from held
            yield from pieces
            return
    assert first_error is not None  # the chain is never empty
    raise first_error


def _ending_at_starter(chain: Sequence[str]) -> list[str]:
    """The chain without doubles, and with the starter as its last resort."""
    return list(dict.fromkeys([*chain, STARTER]))


def _pieces(
    registry: Registry,
    ref: str,
    prompt_for: PromptFor,
    options: GenerationOptions,
    cancel: threading.Event,
) -> Generator[Chunk, None, None]:
    """One model's chunks up to its last; an end without one is an error unless cancelled."""
    stream = registry.provider(ref).stream(ref, prompt_for(ref), options, cancel)
    try:
        for chunk in stream:
            yield chunk
            if chunk.done_reason is not None:
                return
    finally:
        if isinstance(stream, Generator):  # now, not when an error's traceback is forgotten
            stream.close()
    if not cancel.is_set():
        raise StreamBroken(model=ref, detail="it ended before it was done")


def _until_first_text(pieces: Iterator[Chunk], ref: str) -> list[Chunk]:
    """The chunks up to the first visible character; blanks and thoughts alone are none."""
    held: list[Chunk] = []
    for chunk in pieces:
        held.append(chunk)
        if chunk.text.strip():
            return held
        if chunk.done_reason is not None:
            raise AnswerEmpty(model=ref)
    return held  # cancelled


def _why(chain: Sequence[str], used: str, error: WorkbenchError | None) -> Reason | None:
    if error is None:
        return None
    return FellBack(wanted=chain[0], used=used, cause=error).reason()
