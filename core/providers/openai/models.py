"""What a server's /models and the user's settings tell of its models, as `ModelInfo`s.

The list comes from a server that may lie: a field is looked at before it is believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.hosts import HostModelSettings
from core.providers.base import EMBEDDING, VISION, ModelInfo
from core.providers.openai.hosts import Host

MOST_MODELS = 2_000
_WINDOWS = ("max_model_len", "context_length", "context_window", "max_context_length")


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of a list. `meta` is what llama.cpp tells of it."""

    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def meta(self) -> Mapping[str, Any]:
        found = self.fields.get("meta")
        return found if isinstance(found, dict) else {}


def entries_of(listed: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """The entries with a usable name, none twice."""
    found: dict[str, Entry] = {}
    for fields in listed:
        name = fields.get("id")
        if isinstance(name, str) and name and name.isprintable() and len(found) < MOST_MODELS:
            found.setdefault(name, Entry(name, fields))
    return list(found.values())


def model_info(host: Host, entry: Entry) -> ModelInfo:
    """Everything together; what the user says wins over what the server says."""
    own = host.about(entry.name)
    parameters = _count(entry.meta.get("n_params"))
    return ModelInfo(
        ref=f"openai:{entry.name}@{host.key}",
        title=entry.name,
        provider="openai",
        size_bytes=_count(entry.meta.get("size")),
        context_tokens=own.context_tokens or _window(entry),
        capabilities=abilities(host, entry, own),
        local=host.local,
        host=host.name,
        parameters=f"{parameters / 1e9:.1f}B" if parameters and parameters >= 1e8 else None,
    )


def abilities(host: Host, entry: Entry, own: HostModelSettings) -> frozenset[str]:
    """What a model can do, as far as anybody tells."""
    if own.capabilities is not None:
        return frozenset(own.capabilities)
    if "embed" in entry.name.lower():
        return frozenset({EMBEDDING})
    named = entry.fields.get("capabilities")
    sees = isinstance(named, list) and "multimodal" in named
    return host.preset.abilities | ({VISION} if sees else set())


def _window(entry: Entry) -> int | None:
    told = (_count(entry.fields.get(name)) for name in _WINDOWS)
    return next((count for count in told if count), None) or _count(entry.meta.get("n_ctx_train"))


def _count(value: Any) -> int | None:
    counts = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value if counts else None
