"""Loads one base model with transformers: safetensors only, no code from its folder, offline."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ModelIncomplete, ModelRefused, OutOfMemory
from core.runner.folder import ModelFolder, inspect_folder
from core.runner.host_memory import given_back
from core.runner.host_placing import Place, layers_on_card, place_of, threads
from core.runner.loading import AS_IT_COMES, LoadOptions
from core.runner.shapes.config import layers_of

if TYPE_CHECKING:
    from core.runner.host_seeing import Eyes

NOT_NEEDED = ("scipy", "sklearn", "PIL", "pandas", "torchvision")


@dataclass(frozen=True, slots=True)
class Base:
    """A loaded base model. `ends` are the tokens that end an answer.

    `report` is what the app is told of it: `device`, `dtype`, `quantization` ("none", "int8",
    "nf4", or what the folder itself has), `layers` and how many are on the card (`gpu_layers`),
    `weight_bytes` as held, `window`, `parameters`. `eyes` are `None` for a model that sees nothing.
    """

    ref: str
    model: Any
    tokenizer: Any
    window: int
    device: str
    ends: frozenset[int]
    defaults: Mapping[str, Any]
    thinks: bool
    report: Mapping[str, Any]
    eyes: Eyes | None = None


def load(folder: Path, ref: str, wanted: LoadOptions = AS_IT_COMES) -> Base:
    """Load the model of `folder` as wanted, or as it fits.

    Raises:
        ModelMissing, ModelRefused: what is wrong with the folder, or with its architecture.
        OutOfMemory: it does not fit.
    """
    found = inspect_folder(folder, ref)
    hide_unneeded(keep=("PIL",) if found.sees else ())
    import torch
    from transformers import AutoConfig, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    place = place_of(found, wanted, ref)
    torch.set_num_threads(threads(found.parameters))
    try:
        config = AutoConfig.from_pretrained(folder, **local)
        tokenizer = AutoTokenizer.from_pretrained(folder, **local)
        tokenizer.chat_template = tokenizer.chat_template or found.chat_template
        with given_back():
            model = _kind_of(config).from_pretrained(
                folder, config=config, use_safetensors=True, **place.arguments, **local
            )
            if place.quantization != "none":
                _let_go_of_files(model)
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(model=ref, detail=_first_line(error)) from None
    except (ImportError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise ModelRefused(model=ref, detail=_first_line(error)) from error
    base = _checked(ref, found, model, tokenizer, place)
    if not found.sees:
        return base
    from core.runner.host_seeing import eyes_of

    return replace(base, eyes=eyes_of(folder, config, tokenizer, ref))


def _kind_of(config: Any) -> Any:
    """The class that loads it: one that sees pictures, where the model has such a part."""
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

    sees = hasattr(config, "vision_config") and type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    return AutoModelForImageTextToText if sees else AutoModelForCausalLM


def _checked(ref: str, found: ModelFolder, model: Any, tokenizer: Any, place: Place) -> Base:
    if model._is_stateful and not _keeps_states(model.config):
        raise ModelRefused(model=ref, detail="its architecture keeps a state that cannot be shared")
    defaults = _generation_config(found.path, ref)
    ends = _ends(defaults, model.config, tokenizer)
    model.eval()
    model.requires_grad_(False)
    return Base(
        ref=ref,
        model=model,
        tokenizer=tokenizer,
        window=found.context_tokens or 2048,
        device=place.device,
        ends=ends,
        defaults=defaults,
        thinks="<think>" in found.chat_template or "</think>" in found.chat_template,
        report=_report(found, model, place),
    )


def _let_go_of_files(model: Any) -> None:
    """Copy what was not shrunk: as long as one tensor lies in the file, all of it stays in memory,
    the numbers that were shrunk included."""
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.is_floating_point() and tensor.device.type == "cpu":
            tensor.data = tensor.data.clone()


def _keeps_states(config: Any) -> bool:
    """Whether transformers' own cache holds the states of a model that has some."""
    from transformers.cache_utils import DynamicCache, LinearAttentionCacheLayerMixin

    layers = DynamicCache(config=config).layers
    return any(isinstance(layer, LinearAttentionCacheLayerMixin) for layer in layers)


def _report(found: ModelFolder, model: Any, place: Place) -> dict[str, Any]:
    own = found.quantization if place.quantization == "none" else None
    return {
        "device": place.device.partition(":")[0],
        "dtype": str(place.dtype).removeprefix("torch."),
        "quantization": own or place.quantization,
        "layers": len(layers_of(found.config)),
        "gpu_layers": layers_on_card(model),
        "weight_bytes": int(model.get_memory_footprint()),
        "window": found.context_tokens or 2048,
        "parameters": found.parameters,
    }


def hide_unneeded(keep: Collection[str] = ()) -> None:
    """Let transformers believe that these are not installed: 0.7 s and 40 MB less."""
    if "transformers" in sys.modules:
        return  # it has looked already
    for name in NOT_NEEDED:
        if name not in keep and importlib.util.find_spec(name) is not None:
            sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def _generation_config(folder: Path, ref: str) -> dict[str, Any]:
    file = folder / "generation_config.json"
    if not file.is_file():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise ModelIncomplete(model=ref, file=file.name) from None
    return content if isinstance(content, dict) else {}


def _ends(defaults: Mapping[str, Any], config: Any, tokenizer: Any) -> frozenset[int]:
    found: set[int] = set()
    for value in (
        defaults.get("eos_token_id"),
        getattr(config, "eos_token_id", None),
        tokenizer.eos_token_id,
    ):
        found.update([value] if isinstance(value, int) else value or [])
    return frozenset(found)


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:300].rstrip(".")
