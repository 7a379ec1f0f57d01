"""Adapters on one base: loaded with PEFT when first asked for, switched in about a millisecond."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import AdapterRefused
from core.runner.adapter import CONFIG, WEIGHTS, inspect_adapter
from core.runner.host_model import Base
from core.runner.protocol import CARD, HOST
from core.text import N_, words

KEPT = 16  # adapters in memory; the one that was not used for longest goes


@dataclass(frozen=True, slots=True)
class _Loaded:
    name: str
    stamp: tuple[int, ...]


class Adapters:
    """Those of one base. Their names in PEFT are numbers (an adapter that is called like a part
    of a module breaks it), so a folder that has changed is another adapter."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self._model: Any = None  # the PeftModel around the base, once there is an adapter
        self._loaded: dict[str, _Loaded] = {}  # by folder, the last used at the end
        self._gone: list[str] = []
        self._layers: list[Any] = []  # those of the base that adapters stand beside
        self._active: str | None = ""  # None: PEFT has chosen one
        self._numbers = itertools.count(1)

    @property
    def folders(self) -> list[str]:
        return list(self._loaded)

    def held(self) -> dict[str, int]:
        """Bytes of all of them, on the host and on the card."""
        found = {HOST: 0, CARD: 0}
        for tensor in (part for layer in self._layers for part in _parts(layer)):
            found[HOST if tensor.device.type == "cpu" else CARD] += tensor.nbytes
        return found

    def gone(self) -> list[str]:
        """The names of those that were given back since the last call."""
        gone, self._gone = self._gone, []
        return gone

    def use(self, folder: str) -> str:
        """Switch to the adapter of `folder`, "" for the bare base; its name, "" for none.

        Raises:
            AdapterMissing, AdapterRefused: it is not there, or must not be used.
        """
        name = self._load(folder) if folder else ""
        if name == self._active:
            return name
        # PEFT's own way visits every parameter of every adapter; this is one list, two marks.
        for layer in self._layers:
            layer._disable_adapters = not name
            if name:
                layer._active_adapter = [name]
        self._active = name
        return name

    def drop(self, folder: str) -> None:
        """Give an adapter back."""
        loaded = self._loaded.pop(folder, None)
        if loaded is None:
            return
        self._active = None
        self._model.delete_adapter(loaded.name)
        self._gone.append(loaded.name)

    def _load(self, folder: str) -> str:
        stamp = _stamp(Path(folder))
        loaded = self._loaded.pop(folder, None)
        if loaded is not None:
            self._loaded[folder] = loaded
            if loaded.stamp == stamp:
                return loaded.name
            self.drop(folder)
        self._check(Path(folder))
        name = f"ad_{next(self._numbers)}"
        self._add(folder, name)
        self._loaded[folder] = _Loaded(name, stamp)
        if len(self._loaded) > KEPT:
            self.drop(next(iter(self._loaded)))
        return name

    def _check(self, folder: Path) -> None:
        """Everything that can be known before its numbers touch the model or a card."""
        import torch
        from safetensors import safe_open

        inspect_adapter(folder, self._base.ref, self._shape_of)
        with safe_open(folder / WEIGHTS, framework="pt", device="cpu") as file:
            for name in file.keys():  # noqa: SIM118  (it is no mapping)
                if not bool(torch.isfinite(file.get_tensor(name)).all()):
                    detail = words(N_("{name} holds what is no number"), name=name)
                    raise self._refused(folder, detail)

    def _add(self, folder: str, name: str) -> None:
        from peft import LoraConfig, PeftModel
        from peft.tuners.tuners_utils import BaseTunerLayer

        config = LoraConfig.from_pretrained(folder)
        config.inference_mode = True
        config.init_lora_weights = False  # its numbers come from the file; the base stays as it is
        self._active = None
        try:
            if self._model is None:
                self._model = PeftModel.from_pretrained(
                    self._base.model, folder, adapter_name=name, config=config
                )
            else:
                self._model.load_adapter(folder, name, is_trainable=False, peft_config=config)
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            detail = str(error).strip().split("\n")[0][:200].rstrip(".")
            raise self._refused(Path(folder), detail or type(error).__name__) from error
        self._model.eval()
        self._layers = [one for one in self._model.modules() if isinstance(one, BaseTunerLayer)]

    def _shape_of(self, module: str) -> tuple[int, ...] | None:
        try:
            found = self._base.model.get_submodule(module)
        except AttributeError:
            return None
        found = getattr(found, "base_layer", found)
        if hasattr(found, "in_features"):
            return (int(found.out_features), int(found.in_features))
        weight = getattr(found, "weight", None)
        return None if weight is None else tuple(int(size) for size in weight.shape)

    def _refused(self, folder: Path, detail: object) -> AdapterRefused:
        return AdapterRefused(model=self._base.ref, adapter=folder.name, detail=detail)


def _parts(layer: Any) -> Iterator[Any]:
    """The tensors of every adapter beside one layer."""
    for name in layer.adapter_layer_names:
        part: Any = getattr(layer, name, None)
        if hasattr(part, "parameters"):
            yield from part.parameters()


def _stamp(folder: Path) -> tuple[int, ...]:
    found: list[int] = []
    for name in (CONFIG, WEIGHTS):
        try:
            status = (folder / name).stat()
        except OSError:
            continue
        found += [status.st_mtime_ns, status.st_size]
    return tuple(found)
