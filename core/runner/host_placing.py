"""How a model is put into memory: precision, device, layers on the card."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import OutOfMemory
from core.runner.fitting import CARD_RESERVE, GIB, Placing, Room, choose, fits
from core.runner.folder import ModelFolder, tensors_of
from core.runner.loading import LoadOptions
from core.runner.needs import number_bytes
from core.runner.shapes.folder import shape_of_folder

SMALL = 100_000_000  # parameters; below, a GPU brings nothing but its context's memory
TINY = 40_000_000  # parameters; below, one thread is enough


@dataclass(frozen=True, slots=True)
class Place:
    """What `from_pretrained` is told, and what is told of it.

    `device` is where token ids go. `layers` is how many layers are wholly on the card, `None`
    where accelerate decides.
    """

    device: str
    quantization: str
    dtype: Any
    arguments: Mapping[str, Any]


def place_of(found: ModelFolder, load: LoadOptions, ref: str) -> Place:
    """Where and how the model goes.

    Raises:
        OutOfMemory: there is no room for it, in whatever way `load` leaves open.
    """
    import torch

    room = _room(found, load, torch)
    each = number_bytes(shape_of_folder(found, ref), on_card=False)
    way = choose(found, load, room, each)
    if not fits(way, room):
        free = (room.card_bytes or 0) if way.on_card and not way.split else room.host_bytes
        needed = way.needed_bytes / GIB
        detail = f"{needed:.1f} GiB needed, {free / GIB:.1f} GiB free"
        raise OutOfMemory(model=ref, detail=detail)
    dtype = _dtype(way, torch)
    device = "cuda:0" if way.on_card else "cpu"
    arguments: dict[str, Any] = {"dtype": dtype}
    if way.quantization != "none":
        arguments["quantization_config"] = _bits(way, dtype)
    if way.on_card or found.quantization or way.quantization != "none":
        arguments["device_map"] = {"": device}
    if way.split:
        arguments |= _split(found, load, room)
    return Place(device, way.quantization, dtype, arguments)


def threads(parameters: int) -> int:
    """One for a tiny model: two are no faster for it, and wait for each other on a busy machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return 1 if parameters < TINY else max(1, min(cores or 1, 8))


def layers_on_card(model: Any) -> int:
    """How many of a loaded model's layers are wholly on a card."""
    places: dict[int, set[str]] = {}
    for name, parameter in model.named_parameters():
        number = _layer_number(name)
        if number is not None:
            places.setdefault(number, set()).add(parameter.device.type)
    return sum(kinds == {"cuda"} for kinds in places.values())


def device_map(names: list[str], gpu_layers: int) -> dict[str, str | int]:
    """Module → device: the first layers on the card, the others beside it.

    The embedding goes with the first layer and the head with the last; `names` are those of the
    weights.
    """
    found: dict[str, str | int] = {}
    last = max((number for name in names if (number := _layer_number(name)) is not None), default=0)
    for name in names:
        number = _layer_number(name)
        layer = re.match(r"(.*?\.\d+)\.", name)
        if number is not None and layer:
            found[layer[1]] = 0 if number < gpu_layers else "cpu"
        else:
            first = "embed" in name
            module = name.rpartition(".")[0]
            found[module] = 0 if gpu_layers > (0 if first else last) else "cpu"
    trunk = next((name.rpartition(".layers.")[0] for name in names if ".layers." in name), "model")
    found.setdefault(f"{trunk}.rotary_emb", 0 if gpu_layers else "cpu")
    found.setdefault("lm_head", 0 if gpu_layers > 0 else "cpu")
    return found


def _room(found: ModelFolder, load: LoadOptions, torch: Any) -> Room:
    import psutil

    host = int(psutil.virtual_memory().available)
    worth_it = found.parameters >= SMALL or found.quantization is not None or load.gpu_layers
    if load.device == "cpu" or not worth_it or not torch.cuda.is_available():
        return Room(host)
    return Room(host, int(torch.cuda.mem_get_info()[0]))


def _dtype(way: Placing, torch: Any) -> Any:
    if way.on_card:
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.float32 if way.dtype_bytes == 4 else torch.bfloat16


def _bits(way: Placing, dtype: Any) -> Any:
    from transformers import BitsAndBytesConfig

    if way.quantization == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _split(found: ModelFolder, load: LoadOptions, room: Room) -> dict[str, Any]:
    if load.gpu_layers is not None:
        return {"device_map": device_map(list(tensors_of(found.path)), load.gpu_layers)}
    card = max(0, (room.card_bytes or 0) - CARD_RESERVE)
    return {"device_map": "auto", "max_memory": {0: card, "cpu": room.host_bytes}}


def _layer_number(name: str) -> int | None:
    found = re.search(r"\.(\d+)\.", name)
    return int(found[1]) if found else None
