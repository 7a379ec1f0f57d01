"""What all providers have in common whose models are folders, each in a runner process."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from core.errors import AnswerEmpty, ProviderError, StreamBroken
from core.hardware.snapshot import Resident
from core.messages import PromptMessage
from core.providers.abilities import check_able
from core.providers.base import (
    CHAT,
    STRUCTURED,
    THINKING,
    TOOLS,
    VISION,
    Chunk,
    GenerationOptions,
    ModelInfo,
    Place,
    base_of,
    name_of,
    prefix_of,
)
from core.providers.managed import ModelDetails
from core.providers.tokens import TOKENIZER_FILE
from core.providers.trash import licence
from core.runner.adapter import held_bytes
from core.runner.folder import ModelFolder, inspect_folder
from core.runner.loading import LoadOptions
from core.runner.pool import RunnerPool
from core.runner.protocol import CARD, HOST
from core.runner.shapes.folder import shape_of_folder
from core.runner.shapes.shape import ModelShape

DRAWN_S = 1.5  # an answer that is wanted sooner does not wait for it


class RunnerProvider:
    """What the starter and the user's folders have in common. Thread-safe."""

    name: str

    def __init__(self, pool: RunnerPool) -> None:
        self._pool = pool

    def folder(self, ref: str) -> Path:
        """Where the base model of `ref` lies.

        Raises:
            ModelMissing: `ref` names no place that a model may lie in.
        """
        raise NotImplementedError

    def refs(self) -> list[str]:
        """Every model folder there is, usable or not."""
        raise NotImplementedError

    def title(self, ref: str) -> str:
        return name_of(ref)

    def models(self) -> list[ModelInfo]:
        """Every usable model; `problems` tells of the others."""
        found = []
        for ref in self.refs():
            try:
                found.append(self.info(ref))
            except ProviderError:
                continue
        return found

    def resident(self) -> list[Resident]:
        """Its models that are in memory or on their way there."""
        return [
            self._resident(ref, pid)
            for ref, pid in self._pool.pids().items()
            if prefix_of(ref) == self.name
        ]

    def _resident(self, ref: str, pid: int) -> Resident:
        held = self._pool.adapters_held(ref)
        return Resident(
            ref,
            pid=pid,
            loading=not self._pool.is_ready(ref),
            adapters_bytes=held.get(HOST),
            adapters_vram_bytes=held.get(CARD),
        )

    def place(self, ref: str) -> Place:
        """A process of its own for each base, which answers one after the other."""
        base = ref.partition("+")[0]
        return Place(f"{self.name} {base}", self.name, parallel=1, tells_loads=True)

    def problems(self) -> dict[str, ProviderError]:
        """Every folder that cannot be used, and why."""
        found = {}
        for ref in self.refs():
            try:
                self.info(ref)
            except ProviderError as error:
                found[ref] = error
        return found

    def info(self, ref: str) -> ModelInfo:
        """One model, from its files.

        Raises:
            ModelMissing: there is no such folder.
            ModelRefused: it must not or cannot be loaded; the subclass says why.
        """
        found = inspect_folder(self.folder(ref), ref)
        self.adapter(ref, found)
        base = base_of(ref)
        return ModelInfo(
            ref=ref,
            title=self.title(ref),
            provider=self.name,
            size_bytes=found.size_bytes,
            context_tokens=found.context_tokens,
            capabilities=_capabilities(found),
            parameters=_rounded(found.parameters),
            quantization=found.quantization or found.dtype,
            family=found.family,
            loaded=self._pool.is_ready(base),
            adapters=self.adapters_for(ref, found),
            load=self._pool.report(base),
        )

    def adapter(self, ref: str, found: ModelFolder) -> Path | None:  # noqa: ARG002
        """Where the adapter of `ref` lies; `None` when it names none.

        Raises:
            AdapterMissing, AdapterRefused: it cannot be used with the base `found`.
        """
        return None

    def adapters_for(self, ref: str, found: ModelFolder) -> tuple[str, ...]:  # noqa: ARG002
        """The names of the adapters that can be put onto `ref`."""
        return ()

    def load(self, ref: str, load: LoadOptions, cancel: threading.Event) -> bool:
        """Load the base of `ref` as wanted and wait; whether it is there (not, when cancelled).

        Raises:
            ModelMissing, ModelRefused, OutOfMemory: it cannot be loaded so.
            ProviderError: its process failed, or took too long.
        """
        folder = self.folder(ref)
        self.adapter(ref, inspect_folder(folder, ref))
        return self._pool.load(base_of(ref), folder, load, cancel)

    def unload(
        self, ref: str, *, force: bool = False, cancel: threading.Event | None = None
    ) -> bool:
        """Give the base of `ref` back; see `RunnerPool.unload`."""
        return self._pool.unload(base_of(ref), force=force, cancel=cancel)

    def shape(self, ref: str) -> ModelShape:
        """Its dimensions, those of its adapter included, from its files. Raises as `info`."""
        found = inspect_folder(self.folder(ref), ref)
        adapter = self.adapter(ref, found)
        shape = shape_of_folder(found, ref)
        return shape if adapter is None else replace(shape, adapter_bytes=held_bytes(adapter))

    def stream(
        self,
        ref: str,
        messages: Sequence[PromptMessage],
        options: GenerationOptions,
        cancel: threading.Event,
    ) -> Generator[Chunk]:
        """Answer; see `Provider.stream`. Requests to one model wait for each other.

        Raises:
            ModelMissing, ModelRefused, OutOfMemory: it cannot be loaded, or not asked this
                (not every model sees pictures, and not every schema can be kept to).
            AdapterMissing, AdapterRefused: its adapter cannot be used.
            RunnerGone: its process ended in the middle of the answer.
            FirstTokenTimeout, TokenTimeout, AnswerEmpty, StreamBroken: it did not answer well.
        """
        folder, base = self.folder(ref), base_of(ref)
        found = inspect_folder(folder, ref)
        check_able(ref, _capabilities(found), messages, options)
        adapter = self.adapter(ref, found)
        if not self._pool.is_ready(base):
            self._pool.warm(base, folder, options.load)  # it loads while LangChain is imported
        from core.providers.runner_chat import RunnerChatModel, answer  # costs 0.5 s once

        model = RunnerChatModel(
            ref=base,
            folder=folder,
            adapter=adapter,
            pool=self._pool,
            options=options,
            cancel=cancel,
        )
        spoken = done = False
        with closing(answer(model, messages)) as chunks:
            for chunk in chunks:
                spoken = spoken or chunk.says
                done = chunk.done_reason is not None
                if done and not spoken:
                    raise AnswerEmpty(model=ref)
                yield chunk
        if not done and not cancel.is_set():
            raise StreamBroken(model=ref, detail="it ended without saying so")

    def details(self, ref: str) -> ModelDetails:
        """From its files. Raises as `info`."""
        folder = self.folder(ref)
        found = inspect_folder(folder, ref)
        return ModelDetails(template=found.chat_template, licence=licence(folder))

    def warm(self, ref: str) -> None:
        """Begin to load it, and what an answer needs, in the background."""
        threading.Thread(target=self._warm, args=(ref,), name="warm", daemon=True).start()

    def close(self) -> None:
        """End the runners. Providers that share a pool are closed together, in any order."""
        self._pool.close()

    def _warm(self, ref: str) -> None:
        try:
            folder = self.folder(ref)
            adapter = self.adapter(ref, inspect_folder(folder, ref))
        except (ProviderError, OSError):
            return  # the answer itself will tell what is wrong
        time.sleep(DRAWN_S)  # the screen that asked for it is drawn first
        self._pool.warm(base_of(ref), folder, adapter=adapter)
        import core.providers.runner_chat  # noqa: F401  (the first answer need not wait for it)


def _capabilities(found: ModelFolder) -> frozenset[str]:
    """What the chat template knows of; a shape can be kept to with a tokenizer of one file."""
    can = {
        CHAT: True,
        VISION: found.sees,
        THINKING: "</think>" in found.chat_template,
        TOOLS: re.search(r"\btools\b", found.chat_template) is not None,
        STRUCTURED: (found.path / TOKENIZER_FILE).is_file(),
    }
    return frozenset(name for name, able in can.items() if able)


def _rounded(parameters: int) -> str:
    """1234567 → "1.2M", as model names write it."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if parameters >= size:
            return f"{parameters / size:.1f}{letter}"
    return str(parameters)
