"""What /api/tags, /api/show and /api/ps tell of a model, as a `ModelInfo`.

All three come from a server that may lie: every field is looked at before it is believed, and
what is missing or of another type is unknown (`None`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.hardware.snapshot import Resident
from core.providers.base import (
    CHAT,
    EMBEDDING,
    STRUCTURED,
    THINKING,
    TOOLS,
    VISION,
    ModelInfo,
    host_of,
    is_local,
)

_CAPABILITIES = {
    "completion": CHAT,
    "embedding": EMBEDDING,
    "tools": TOOLS,
    "vision": VISION,
    "thinking": THINKING,
}
_GRAMMAR = {CHAT: STRUCTURED}  # the server keeps every chat model to a JSON schema
_ENCODER_FAMILIES = ("bert", "nomic-bert", "xlm-roberta")


@dataclass(frozen=True, slots=True)
class Shape:
    """What does not change as long as a model's digest stays: from /api/show.

    `told`: the server itself names the capabilities; else they are guessed.
    """

    capabilities: frozenset[str]
    context_tokens: int | None
    remote_host: str | None
    details: Mapping[str, Any]
    told: bool = True


@dataclass(frozen=True, slots=True)
class Tag:
    """One installed model: from /api/tags. New servers tell its shape here too."""

    name: str
    digest: str
    size_bytes: int | None
    shape: Shape


def full_name(name: str) -> str:
    """A name without a tag means `:latest`; a registry's port is no tag."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def shape_of(show: Mapping[str, Any]) -> Shape:
    """The part of /api/show (or of an entry in /api/tags) that is used."""
    details = _mapping(show.get("details"))
    remote = _text(show.get("remote_host"))
    return Shape(
        capabilities=_capabilities(show.get("capabilities"), details),
        context_tokens=_window(_mapping(show.get("model_info"))),
        remote_host=host_of(remote) or None if remote else None,
        details=details,
        told=bool(_named(show.get("capabilities"))),
    )


def metadata_of(show: Mapping[str, Any], part: str = "model_info") -> Mapping[str, Any]:
    """The key/values of a model's GGUF file, or of its projector's."""
    return _mapping(show.get(part))


def tags_of(tags: Mapping[str, Any]) -> list[Tag]:
    """The models of /api/tags; entries without a name are left out."""
    return [
        Tag(name, _text(entry.get("digest")) or "", _count(entry.get("size")), shape_of(entry))
        for entry in _entries(tags)
        if (name := _text(entry.get("model")) or _text(entry.get("name")))
    ]


def loaded_names(ps: Mapping[str, Any]) -> frozenset[str]:
    """The names in /api/ps: models in memory now."""
    names = (_text(entry.get("model")) or _text(entry.get("name")) for entry in _entries(ps))
    return frozenset(name for name in names if name)


def residents_of(ps: Mapping[str, Any]) -> list[Resident]:
    """The models of /api/ps. Its sizes are the server's own reckoning, not the driver's."""
    return [
        Resident(f"ollama:{name.removesuffix(':latest')}", _host_bytes(entry), _vram_bytes(entry))
        for entry in _entries(ps)
        if (name := _text(entry.get("model")) or _text(entry.get("name")))
    ]


def _vram_bytes(entry: Mapping[str, Any]) -> int | None:
    return _count(entry.get("size_vram"))


def _host_bytes(entry: Mapping[str, Any]) -> int | None:
    size, vram = _count(entry.get("size")), _vram_bytes(entry)
    return None if size is None or vram is None else max(0, size - vram)


def model_info(
    name: str, shape: Shape, url: str, size_bytes: int | None, loaded: bool | None
) -> ModelInfo:
    """Everything together. A model that the server passes on elsewhere is not local."""
    host = shape.remote_host or (None if is_local(url) else host_of(url))
    short = name.removesuffix(":latest")
    return ModelInfo(
        ref=f"ollama:{short}",
        title=short,
        provider="ollama",
        size_bytes=size_bytes,
        context_tokens=shape.context_tokens,
        capabilities=shape.capabilities,
        local=host is None,
        host=host,
        parameters=_text(shape.details.get("parameter_size")),
        quantization=_text(shape.details.get("quantization_level")),
        family=_text(shape.details.get("family")),
        loaded=loaded,
    )


def _capabilities(named: Any, details: Mapping[str, Any]) -> frozenset[str]:
    if isinstance(named, list):
        return _named(named)
    # Servers before 0.6.4 do not tell; then only an encoder's family rules chat out.
    encoder = details.get("family") in _ENCODER_FAMILIES
    return frozenset({EMBEDDING if encoder else CHAT})


def _named(named: Any) -> frozenset[str]:
    words = named if isinstance(named, list) else []
    known = {_CAPABILITIES.get(word) for word in words if isinstance(word, str)}
    known |= {_GRAMMAR.get(word) for word in known if word}
    return frozenset(word for word in known if word)


def _window(info: Mapping[str, Any]) -> int | None:
    architecture = _text(info.get("general.architecture"))
    return _count(info.get(f"{architecture}.context_length")) or None


def _entries(answer: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    found = answer.get("models")
    entries = found if isinstance(found, list) else []
    return [entry for entry in entries if isinstance(entry, dict)]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.isprintable() and value else None


def _count(value: Any) -> int | None:
    counts = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if counts else None
