"""Models that fit this machine's memory barely, or not at all, whatever machine it is."""

from __future__ import annotations

from collections.abc import Sequence

import psutil

from testing.scripted_ollama import Model

SMALL = Model("small", size=50_000_000)
LAYERS, TOKENS = 16, 4096


def tight(kind: str) -> Sequence[Model]:
    """Models of a room that the remedy of this kind helps: "context", "model" or "share"."""
    free = psutil.virtual_memory().available
    if kind == "context":  # its keys and values are what is large, and half of them would fit
        length = int(1.5 * free / TOKENS / LAYERS / 2 / 2)
        heads = {"head_count_kv": 1, "key_length": length, "value_length": length}
        metadata = {f"llama.attention.{name}": value for name, value in heads.items()}
        return Model("large", size=50_000_000, metadata=metadata), SMALL
    share = {"model": 3.0, "share": 0.6}[kind]
    small = SMALL if kind == "model" else Model("small", size=int(0.55 * free))
    return Model("large", size=int(share * free)), small
