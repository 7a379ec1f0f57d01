"""A model whose every word and pause is written down beforehand.

It stands in for real models in tests, demonstrations and pictures: same interface, same
threads, no network.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import ModelMissing, WorkbenchError
from core.messages import PromptMessage, Usage
from core.providers.base import CHAT, Chunk, GenerationOptions, ModelInfo


@dataclass(frozen=True)
class Script:
    """What a model says: pieces in order, a pause before each, perhaps an error in their place.

    A piece is a text, or a whole chunk (a thought, say).
    `pause_s` is waited before every piece and is cut short by a stop. `error` is raised after
    `fail_after` pieces. `{last}` in a piece becomes the last line that the model heard.
    """

    pieces: Sequence[str | Chunk] = ("Hello", " from", " the", " script.")
    pause_s: float = 0.0
    error: WorkbenchError | None = None
    fail_after: int = 0
    hold: threading.Event | None = None  # waited for before the first piece


@dataclass
class ScriptedProvider:
    """A provider of scripted models. `asked` records every prompt, `warmed` every warm-up."""

    scripts: Mapping[str, Script] = field(default_factory=dict)
    name: str = "starter"
    asked: list[tuple[str, list[PromptMessage]]] = field(default_factory=list)
    warmed: list[str] = field(default_factory=list)

    def models(self) -> list[ModelInfo]:
        return [self._info(ref) for ref in self.scripts or {self.name: Script()}]

    def info(self, ref: str) -> ModelInfo:
        return self._info(ref)

    def stream(
        self,
        ref: str,
        messages: Sequence[PromptMessage],
        options: GenerationOptions,
        cancel: threading.Event,
    ) -> Iterator[Chunk]:
        self.asked.append((ref, list(messages)))
        script = self.scripts.get(ref, Script() if not self.scripts else None)
        if script is None:
            raise ModelMissing(model=ref)
        if script.hold is not None:
            script.hold.wait(timeout=30)
        yield from self._speak(script, messages, cancel)

    def warm(self, ref: str) -> None:
        self.warmed.append(ref)

    def close(self) -> None:
        """Nothing to give back."""

    def _speak(
        self, script: Script, messages: Sequence[PromptMessage], cancel: threading.Event
    ) -> Iterator[Chunk]:
        last = messages[-1].content.rpartition("\n")[2]
        for number, piece in enumerate(script.pieces):
            if script.error is not None and number == script.fail_after:
                raise script.error
            if cancel.wait(script.pause_s) if script.pause_s else cancel.is_set():
                return
            if isinstance(piece, str):
                piece = Chunk(text=piece.replace("{last}", last))
            yield piece
        if script.error is not None and script.fail_after >= len(script.pieces):
            raise script.error
        usage = Usage(prompt_tokens=len(messages), completion_tokens=len(script.pieces))
        yield Chunk(usage=usage, done_reason="stop")

    def _info(self, ref: str) -> ModelInfo:
        return ModelInfo(
            ref=ref,
            title=ref,
            provider=self.name,
            size_bytes=None,
            context_tokens=4096,
            capabilities=frozenset({CHAT}),
        )
