"""Ollama as a provider.

Its traps and what is done about them are listed in docs/ollama.md; the rules for the bytes live
in transport.py and lines.py, those for the errors in core/providers/faults.py.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from core.errors import (
    AnswerEmpty,
    ModelMissing,
    ModelRefused,
    OutOfMemory,
    ProviderError,
    ServerAway,
    ServerFault,
)
from core.hardware.snapshot import Resident
from core.messages import PromptMessage
from core.providers.abilities import check_able
from core.providers.base import (
    CHAT,
    THINKING,
    Chunk,
    GenerationOptions,
    ModelInfo,
    is_local,
    name_of,
)
from core.providers.guard import repeated
from core.providers.ollama.api import READ_S, OllamaApi
from core.providers.ollama.chat import OllamaChat
from core.providers.ollama.library import OllamaLibrary
from core.providers.ollama.manage import OllamaManaging
from core.providers.ollama.models import (
    Shape,
    full_name,
    loaded_names,
    metadata_of,
    model_info,
    residents_of,
    shape_of,
    tags_of,
)
from core.providers.ollama.options import Windows, address_of, parameters
from core.providers.ollama.served import TITLE, OllamaServed
from core.providers.ollama.shapes import Shapes
from core.providers.shapes import shape_of_metadata
from core.providers.watch import Cancelled, Watch
from core.runner.shapes.gguf import lists_missing
from core.runner.shapes.shape import ModelShape


class OllamaProvider(OllamaManaging, OllamaServed):
    """The models of one Ollama server. Thread-safe; nothing is asked before the first call.

    `context_tokens` is the window that `warm` loads a model with, as long as no answer has
    asked for a larger one. `parallel`: the answers that one model gives at a time.
    """

    def __init__(self, url: str, *, context_tokens: int = 4096, parallel: int = 1) -> None:
        self.url, self._parallel = address_of(url), parallel
        self._api = OllamaApi(self.url)
        self._chat = OllamaChat(self.url)
        self.library = OllamaLibrary(self.url)
        self._shapes = Shapes(self._api)
        self._windows = Windows(context_tokens)
        self._closing = threading.Event()
        self._warming: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    # --- what is there ------------------------------------------------------------------

    def models(self) -> list[ModelInfo]:
        """Every installed model, encoders included: offer those for chat that have CHAT.

        Raises:
            ServerAway: nothing listens, or it does not answer within 3 s.
            ServerFault: what listens is no Ollama.
        """
        tags = tags_of(self._api.tags(TITLE))
        loaded = self._loaded()
        shapes = self._shapes.of_tags(tags)
        return [
            model_info(tag.name, shape, self.url, tag.size_bytes, _is_in(tag.name, loaded))
            for tag, shape in zip(tags, shapes, strict=True)
        ]

    def info(self, ref: str) -> ModelInfo:
        """One model, asked anew.

        Raises:
            ModelMissing: it is not installed.
            ServerAway, ServerFault: as in `models`.
        """
        name = full_name(name_of(ref))
        shape = self._shapes.ask(self._api.watch(ref), name)
        sizes = {tag.name: tag.size_bytes for tag in tags_of(self._api.tags(ref))}
        return model_info(name, shape, self.url, sizes.get(name), _is_in(name, self._loaded()))

    def shape(self, ref: str) -> ModelShape:
        """Its dimensions, asked anew. Raises as `info`."""
        name = full_name(name_of(ref))
        show = self._api.show(self._api.watch(ref), name)
        if lists_missing(metadata_of(show)):
            show = self._api.show(self._api.watch(ref), name, verbose=True)
        sizes = {tag.name: tag.size_bytes for tag in tags_of(self._api.tags(ref))}
        return shape_of_metadata(
            metadata_of(show),
            ref,
            sizes.get(name) or 0,
            local=is_local(self.url) and shape_of(show).remote_host is None,
            projector=metadata_of(show, "projector_info"),
        )

    def resident(self) -> list[Resident]:
        """The models in the server's memory now. Raises as `models`."""
        return residents_of(self._api.ps(TITLE))

    # --- answers ------------------------------------------------------------------------

    def stream(
        self,
        ref: str,
        messages: Sequence[PromptMessage],
        options: GenerationOptions,
        cancel: threading.Event,
    ) -> Iterator[Chunk]:
        """Answer; see `Provider.stream`. Repeats a refused request before the first token.

        Raises:
            ProviderError: one of its subclasses, see docs/ollama.md.
        """
        watch = self._watch(ref, options, cancel)
        try:
            yield from repeated(
                lambda: self._answer(ref, messages, options, watch),
                options.retries,
                watch,
                lambda error: self._meant(error, full_name(name_of(ref))),
            )
        except Cancelled:
            return
        except OutOfMemory:
            self._windows.forget(full_name(name_of(ref)))
            raise

    def embed(
        self,
        ref: str,
        texts: Sequence[str],
        *,
        dimensions: int | None = None,
        truncate: bool = False,
        timeout_s: float = 60.0,
    ) -> list[list[float] | None]:
        """One vector per text; `None` for a blank one, which Ollama has no vector for.

        Raises:
            ModelRefused: the model cannot, or a text is too long and `truncate` is false.
            ProviderError: as in `stream`.
        """
        asked = [text for text in texts if text.strip()]
        if not asked:
            return [None for _ in texts]
        name = name_of(ref)
        watch = self._api.watch(ref, timeout_s, self._closing.is_set)
        body: dict[str, Any] = {"truncate": truncate} | (
            {"dimensions": dimensions} if dimensions else {}
        )
        try:
            window = self._windows.held(full_name(name), None, self._shape(ref, watch))
            body |= {"options": {"num_ctx": window}}
            vectors = iter(self._api.embed(watch, name, asked, body))
        except Cancelled:
            raise watch.away() from None
        return [next(vectors) if text.strip() else None for text in texts]

    def reconnect(self) -> None:
        """Make the connection to the server anew; answers under way go on."""
        self._api.reconnect()
        self._chat.reconnect()

    def close(self) -> None:
        """End every answer and warming; they notice within 0.3 s."""
        self._closing.set()
        with self._lock:
            threads = list(self._warming.values())
        for thread in threads:
            thread.join(timeout=1.0)
        self._chat.close()
        self.library.close()
        self._api.close()

    # --- inside -------------------------------------------------------------------------

    def _answer(
        self,
        ref: str,
        messages: Sequence[PromptMessage],
        options: GenerationOptions,
        watch: Watch,
    ) -> Iterator[Chunk]:
        watch.check()
        name = name_of(ref)
        shape = self._shape(ref, watch)
        if shape is not None and shape.told:
            check_able(ref, shape.capabilities, messages, options)
        window = self._window(full_name(name), options, shape)
        thinks = options.reasoning and shape is not None and THINKING in shape.capabilities
        asked = parameters(ref, options, window, thinks)
        spoken = False
        for chunk in self._chat.answer(name, messages, asked, watch):
            spoken = spoken or chunk.says
            if chunk.done_reason and not spoken:
                raise AnswerEmpty(model=ref)
            yield chunk

    def _window(self, name: str, options: GenerationOptions, shape: Shape | None) -> int:
        """What is sent as `num_ctx`: exactly what the ladder says, else what everybody has."""
        if options.load is not None and options.load.context_tokens:
            return self._windows.exactly(name, options.load.context_tokens, shape)
        return self._windows.held(name, _wish(options), shape)

    def _shape(self, ref: str, watch: Watch) -> Shape | None:
        """What the model can do; `None` when the server does not tell (then it is just asked).

        The time counts as waiting for the first token.
        """
        name = full_name(name_of(ref))
        shape = self._shapes.fresh(name)
        if shape is not None:
            return shape
        brief = self._api.watch(ref, min(READ_S, watch.left_s), watch.cancelled)
        began = time.monotonic()
        try:
            return self._shapes.ask(brief, name)
        except (ModelMissing, ServerAway):
            raise
        except ProviderError:
            return None
        finally:
            watch.left_s -= time.monotonic() - began

    def _meant(self, error: ProviderError, name: str) -> ProviderError:
        """A missing weight file reads as “does not support chat”; the shape knows better."""
        shape = self._shapes.known(name)
        says_no = isinstance(error, ModelRefused) and "support chat" in error.params["detail"]
        if says_no and shape is not None and CHAT in shape.capabilities:
            detail = "its weight file is missing or damaged; pull the model again"
            return ServerFault(model=error.params["model"], detail=detail)
        return error

    def _watch(self, ref: str, options: GenerationOptions, cancel: threading.Event) -> Watch:
        return Watch(
            model=ref,
            server=self.url,
            first_token_s=options.first_token_s,
            between_tokens_s=options.between_tokens_s,
            cancelled=lambda: cancel.is_set() or self._closing.is_set(),
        )

    def _loaded(self) -> frozenset[str] | None:
        try:
            return loaded_names(self._api.ps(TITLE))
        except ProviderError:
            return None


def _wish(options: GenerationOptions) -> int:
    """The window an answer asks for; one among the free options wins."""
    wish = options.extra.get("num_ctx")
    return wish if isinstance(wish, int) and wish > 0 else options.context_tokens


def _is_in(name: str, names: frozenset[str] | None) -> bool | None:
    return None if names is None else name in names
