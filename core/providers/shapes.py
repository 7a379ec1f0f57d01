"""The dimensions of a model, from whatever its provider can read without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from core.providers.base import ModelInfo
from core.runner.shapes.fields import Fields
from core.runner.shapes.gguf import layers_of_metadata
from core.runner.shapes.shape import ModelShape


@runtime_checkable
class Shaped(Protocol):
    """A provider that can tell the dimensions of its models."""

    def shape(self, ref: str) -> ModelShape:
        """They.

        Raises:
            ModelMissing: it is not installed.
            ProviderError: its server does not tell.
        """


def shape_of_metadata(
    metadata: Mapping[str, Any],
    ref: str,
    weights_bytes: int,
    *,
    local: bool = True,
    projector: Mapping[str, Any] | None = None,
) -> ModelShape:
    """From the key/values of a GGUF file, which Ollama tells as `model_info`."""
    fields = Fields(metadata)
    architecture = fields.word("general.architecture")

    def count(name: str) -> int | None:
        return fields.count(f"{architecture}.{name}")

    return ModelShape(
        ref=ref,
        engine="llama.cpp",
        architecture=architecture or "unknown",
        layers=layers_of_metadata(metadata),
        weights_bytes=weights_bytes,
        vocabulary=count("vocab_size") or _words(metadata),
        hidden=count("embedding_length"),
        feed_forward=count("feed_forward_length"),
        heads=count("attention.head_count"),
        context_tokens=count("context_length"),
        parameters=fields.count("general.parameter_count"),
        projector_bytes=_projector_bytes(projector or {}),
        local=local,
    )


def unknown_shape(info: ModelInfo) -> ModelShape:
    """Of a model of which only its listing is known; on another machine it takes nothing here."""
    return ModelShape(
        ref=info.ref,
        engine="llama.cpp",
        architecture=info.family or "unknown",
        layers=(),
        weights_bytes=info.size_bytes or 0 if info.local else 0,
        context_tokens=info.context_tokens,
        local=info.local,
    )


def _words(metadata: Mapping[str, Any]) -> int | None:
    tokens = metadata.get("tokenizer.ggml.tokens")
    if isinstance(tokens, int):
        return tokens  # a long list of a file is given as its length
    return len(tokens) if isinstance(tokens, list) else None


def _projector_bytes(projector: Mapping[str, Any]) -> int:
    """The part that looks at images has its own file, in 16 bits."""
    return 2 * (Fields(projector).count("general.parameter_count") or 0)
