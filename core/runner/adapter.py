"""What an adapter folder holds, read without torch, and why one is refused.

An adapter is what PEFT writes for LoRA: adapter_config.json and adapter_model.safetensors. The
app checks this much to list and to explain; the runner checks it again, and the numbers too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import AdapterMissing, AdapterRefused
from core.runner.header import Tensor, read_header
from core.text import N_, Words, words

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
CONFIG_LIMIT = 1024 * 1024
PREFIX = "base_model.model."
PARTS = re.compile(r"(.+)\.lora_(A|B|embedding_A|embedding_B|magnitude_vector)(?:\.weight)?$")
# Begun in one of these ways, training changes the base itself, which others share.
CHANGES_BASE = {"pissa", "olora", "corda", "loftq", "eva", "lora_ga"}

ShapeOf = Callable[[str], tuple[int, ...] | None]
"""Module name → (out, in) of its weight; `None` when the base has no such module."""


@dataclass(frozen=True, slots=True)
class AdapterFolder:
    """What is known of a usable adapter. `base` is what its training called the base, or ""."""

    path: Path
    size_bytes: int
    rank: int
    base: str
    modules: tuple[str, ...]


def inspect_adapter(folder: Path, model: str, shape_of: ShapeOf | None) -> AdapterFolder:
    """Read `folder`, which is to go with a base whose modules have the shapes of `shape_of`.

    Without `shape_of` it is not known whether it fits.

    Raises:
        AdapterMissing: there is no such folder.
        AdapterRefused: it cannot or must not be used with this base; the detail says why.
    """
    return _Inspection(folder, model).result(shape_of)


def held_bytes(folder: Path) -> int:
    """Bytes of an inspected adapter in memory, where PEFT keeps it in 32 bits."""
    return 4 * sum(tensor.numbers for tensor in read_header(folder / WEIGHTS).values())


class _Inspection:
    def __init__(self, folder: Path, model: str) -> None:
        self._folder = folder
        self._model = model

    def result(self, shape_of: ShapeOf | None) -> AdapterFolder:
        if not self._folder.is_dir():
            raise AdapterMissing(model=self._model, adapter=self._folder.name)
        config = self._config()
        tensors = self._tensors()
        rank = config["r"]
        modules = self._modules(tensors, shape_of, rank, config)
        return AdapterFolder(
            path=self._folder,
            size_bytes=(self._folder / WEIGHTS).stat().st_size,
            rank=rank,
            base=str(config.get("base_model_name_or_path") or ""),
            modules=tuple(sorted(modules)),
        )

    def _config(self) -> dict[str, Any]:
        file = self._folder / CONFIG
        if not file.is_file():
            raise self._refused(words(N_("{file} is missing"), file=CONFIG))
        try:
            if file.stat().st_size > CONFIG_LIMIT:
                raise ValueError
            config = json.loads(file.read_bytes())
        except (ValueError, RecursionError):
            config = None
        if not isinstance(config, dict):
            raise self._refused(words(N_("{file} cannot be read"), file=CONFIG))
        kind = str(config.get("peft_type") or "?").upper()
        if kind != "LORA":
            raise self._refused(words(N_("it is of the kind {kind}, not LoRA"), kind=kind))
        if config.get("auto_mapping") or config.get("layer_replication"):
            raise self._refused(words(N_("it wants to rebuild its base")))
        begun = str(config.get("init_lora_weights")).lower()
        if any(begun.startswith(way) for way in CHANGES_BASE):
            raise self._refused(words(N_("its training ({way}) changed the base"), way=begun))
        if not isinstance(config.get("r"), int) or not 0 < config["r"] <= 4096:
            raise self._refused(words(N_("its rank is {rank}"), rank=str(config.get("r"))))
        return config

    def _tensors(self) -> dict[str, Tensor]:
        file = self._folder / WEIGHTS
        if not file.is_file():
            pickled = sorted(one.name for one in self._folder.glob("adapter_model.*"))
            if pickled:
                detail = words(N_("{file} can run code when opened"), file=pickled[0])
                raise self._refused(detail)
            raise self._refused(words(N_("{file} is missing"), file=WEIGHTS))
        try:
            return read_header(file)
        except (OSError, ValueError):
            raise self._refused(words(N_("{file} is damaged or cut off"), file=WEIGHTS)) from None

    def _modules(
        self,
        tensors: Mapping[str, Tensor],
        shape_of: ShapeOf | None,
        rank: int,
        config: Mapping[str, Any],
    ) -> set[str]:
        ranks = {rank, *(config.get("rank_pattern") or {}).values()}
        found: dict[str, set[str]] = {}
        for name, tensor in tensors.items():
            match = PARTS.match(name.removeprefix(PREFIX))
            if not name.startswith(PREFIX) or match is None:
                raise self._refused(words(N_("{name} is no part of a LoRA"), name=name[:100]))
            module, part = match[1], match[2]
            if shape_of is not None:
                self._check(module, part, tensor.shape, shape_of(module), ranks)
            found.setdefault(module, set()).add(part.removeprefix("embedding_"))
        if any(not {"A", "B"} <= parts for parts in found.values()):
            raise self._refused(words(N_("a part of it is missing")))
        return set(found)

    def _check(
        self,
        module: str,
        part: str,
        found: tuple[int, ...],
        base: tuple[int, ...] | None,
        ranks: set[int],
    ) -> None:
        if base is None:
            detail = N_("it was made for another base: this one has no {module}")
            raise self._refused(words(detail, module=module))
        if not any(found in _shapes(part, base, rank) for rank in ranks):
            detail = N_("it was made for another base: {module} is {base} here, not {found}")
            raise self._refused(
                words(detail, module=module, base=_sizes(base), found=_sizes(found))
            )

    def _refused(self, detail: Words) -> AdapterRefused:
        return AdapterRefused(model=self._model, adapter=self._folder.name, detail=detail)


def _shapes(part: str, base: tuple[int, ...], rank: int) -> set[tuple[int, ...]]:
    """What a part may look like; an embedding's table is (words, width), a layer's (out, in)."""
    first, last = base[0], base[-1]
    known: dict[str, set[tuple[int, ...]]] = {
        "A": {(rank, last)},
        "B": {(first, rank)},
        "embedding_A": {(rank, first)},
        "embedding_B": {(last, rank)},
        "magnitude_vector": {(first,), (last,)},
    }
    return known[part]


def _sizes(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
