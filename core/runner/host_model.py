"""Loads one base model with transformers: safetensors only, no code from its folder, offline."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ModelIncomplete, ModelRefused, OutOfMemory
from core.runner.folder import ModelFolder, inspect_folder

NOT_NEEDED = ("scipy", "sklearn", "PIL", "pandas", "torchvision")
SMALL = 100_000_000  # parameters; below, a GPU brings nothing but its context's memory
TINY = 40_000_000  # parameters; below, one thread is enough
FULL_PRECISION = 1_000_000_000  # parameters; above, bfloat16 on the CPU too
GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Base:
    """A loaded base model. `ends` are the tokens that end an answer."""

    ref: str
    model: Any
    tokenizer: Any
    window: int
    device: str
    ends: frozenset[int]
    defaults: Mapping[str, Any]
    thinks: bool
    parameters: int


def load(folder: Path, ref: str, device: str = "auto") -> Base:
    """Load the model of `folder`.

    Raises:
        ModelMissing, ModelRefused: what is wrong with the folder, or with its architecture.
        OutOfMemory: it does not fit.
    """
    found = inspect_folder(folder, ref)
    hide_unneeded()
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    device = _device(found, device, torch)
    dtype = _dtype(found, device, torch)
    _refuse_too_large(found, device, torch, dtype, ref)
    torch.set_num_threads(threads(found.parameters))
    try:
        config = AutoConfig.from_pretrained(folder, **local)
        tokenizer = AutoTokenizer.from_pretrained(folder, **local)
        model = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            use_safetensors=True,
            **_placed(found, device),
            **local,
        )
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(model=ref, detail=_first_line(error)) from None
    except (ImportError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise ModelRefused(model=ref, detail=_first_line(error)) from error
    return _checked(ref, found, model, tokenizer, device)


def _checked(ref: str, found: ModelFolder, model: Any, tokenizer: Any, device: str) -> Base:
    if model._is_stateful:
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
        device=device,
        ends=ends,
        defaults=defaults,
        thinks="<think>" in found.chat_template or "</think>" in found.chat_template,
        parameters=found.parameters,
    )


def hide_unneeded() -> None:
    """Let transformers believe that these are not installed: 0.7 s and 40 MB less."""
    if "transformers" in sys.modules:
        return  # it has looked already
    for name in NOT_NEEDED:
        if importlib.util.find_spec(name) is not None:
            sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def _device(found: ModelFolder, wanted: str, torch: Any) -> str:
    if wanted != "auto":
        return wanted
    worth_it = found.parameters >= SMALL or found.quantization is not None
    return "cuda" if worth_it and torch.cuda.is_available() else "cpu"


def threads(parameters: int) -> int:
    """One for a tiny model: two are no faster for it, and wait for each other on a busy machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return 1 if parameters < TINY else max(1, min(cores or 1, 8))


def _dtype(found: ModelFolder, device: str, torch: Any) -> Any:
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.float32 if found.parameters < FULL_PRECISION else torch.bfloat16


def _placed(found: ModelFolder, device: str) -> dict[str, Any]:
    return {"device_map": {"": device}} if device != "cpu" or found.quantization else {}


def _refuse_too_large(found: ModelFolder, device: str, torch: Any, dtype: Any, ref: str) -> None:
    """Refuse before the machine begins to swap or the kernel begins to kill."""
    needed = found.size_bytes if found.quantization else found.parameters * dtype.itemsize
    if device == "cuda":
        free = torch.cuda.mem_get_info()[0]
    else:
        import psutil

        free = psutil.virtual_memory().available
    if needed > free:
        detail = f"{needed / GIB:.1f} GiB needed, {free / GIB:.1f} GiB free"
        raise OutOfMemory(model=ref, detail=detail)


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
