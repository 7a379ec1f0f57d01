"""The user's adapters: folders under adapters/ in the data folder, each for one base."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import AdapterMissing, ProviderError
from core.providers.base import ADAPTER_PREFIX
from core.runner.adapter import CONFIG, WEIGHTS, AdapterFolder, inspect_adapter
from core.runner.folder import ModelFolder, tensors_of

MOST_KEPT = 512


@dataclass(frozen=True, slots=True)
class _Checked:
    stamp: tuple[int, ...]
    found: AdapterFolder | ProviderError


class Adapters:
    """Finds and checks adapters; what was checked is looked at again when it changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._checked: dict[tuple[str, Path], _Checked] = {}

    def names(self) -> list[str]:
        """Every adapter there is, usable or not."""
        found = self._folder.glob(f"{ADAPTER_PREFIX}*")
        return sorted(folder.name for folder in found if folder.is_dir())

    def check(self, name: str, base: ModelFolder, model: str) -> AdapterFolder:
        """The adapter `name`, as it is to be used with a base.

        Raises:
            AdapterMissing: there is none of that name.
            AdapterRefused: it does not fit this base, or must not be loaded.
        """
        folder = self._folder / name
        if folder.parent != self._folder or not folder.is_dir():
            raise AdapterMissing(model=model, adapter=name)
        stamp = _stamp(folder / CONFIG, folder / WEIGHTS, base.path / "config.json")
        with self._lock:
            checked = self._checked.get((name, base.path))
        if checked is None or checked.stamp != stamp:
            checked = _Checked(stamp, _inspected(folder, base, model))
            with self._lock:
                if len(self._checked) >= MOST_KEPT:
                    self._checked.clear()
                self._checked[name, base.path] = checked
        if isinstance(checked.found, ProviderError):
            raise type(checked.found)(**{**checked.found.params, "model": model})
        return checked.found

    def fitting(self, base: ModelFolder, model: str) -> tuple[str, ...]:
        """Those that can be used with a base."""
        return tuple(name for name in self.names() if self._fits(name, base, model))

    def _fits(self, name: str, base: ModelFolder, model: str) -> bool:
        try:
            self.check(name, base, model)
        except ProviderError:
            return False
        return True


def _inspected(folder: Path, base: ModelFolder, model: str) -> AdapterFolder | ProviderError:
    try:
        return inspect_adapter(folder, model, _shapes(base))
    except ProviderError as error:
        return error


def _shapes(base: ModelFolder) -> Callable[[str], tuple[int, ...] | None] | None:
    """Shapes by module, from the files; `None` where they are packed and tell nothing.

    A module that stands deeper in the files than in the program (a model that also sees
    pictures) is found by the end of its name.
    """
    if base.quantization is not None:
        return None
    shapes: dict[str, tuple[int, ...]] = {
        _end(name.removesuffix(".weight")): tensor.shape
        for name, tensor in tensors_of(base.path).items()
        if name.endswith(".weight") and len(tensor.shape) == 2
    }
    shapes.setdefault("lm_head", shapes.get("embed_tokens", ()))  # tied to each other
    return lambda module: shapes.get(_end(module)) or None


def _end(module: str) -> str:
    place = module.rfind("layers.")
    return module[place:] if place >= 0 else module.rpartition(".")[2]


def _stamp(*files: Path) -> tuple[int, ...]:
    found: list[int] = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            found.append(0)
            continue
        found += [status.st_mtime_ns, status.st_size]
    return tuple(found)
