"""Random LoRA adapters for tiny models, as PEFT stores them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from testing.tiny_files import write_json


def make_tiny_adapter(
    folder: Path, base: Path, seed: int = 0, *, rank: int = 4, scale: float = 0.3
) -> Path:
    """Write a random LoRA for the model in `base` into `folder`, as PEFT stores one; the folder."""
    import numpy as np
    from safetensors.numpy import save_file

    random = np.random.default_rng(seed)
    weights: dict[str, Any] = {}
    for name, (wide, narrow) in _projections(base).items():
        at = f"base_model.model.{name}"
        weights[f"{at}.lora_A.weight"] = random.normal(0.0, scale, (rank, narrow))
        weights[f"{at}.lora_B.weight"] = random.normal(0.0, scale, (wide, rank))
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base.name,
        "r": rank,
        "lora_alpha": rank,
        "lora_dropout": 0.0,
        "target_modules": ["q_proj", "v_proj"],
        "bias": "none",
        "inference_mode": True,
    }
    write_json(folder / "adapter_config.json", config)
    stored = {name: array.astype("float32") for name, array in weights.items()}
    save_file(stored, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    return folder


def _projections(base: Path) -> dict[str, tuple[int, int]]:
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    heads, keys = config["num_attention_heads"], config["num_key_value_heads"]
    hidden = config["hidden_size"]
    width = config.get("head_dim") or hidden // heads
    sizes = {"q_proj": heads * width, "v_proj": keys * width}
    return {
        f"model.layers.{layer}.self_attn.{name}": (size, hidden)
        for layer in range(config["num_hidden_layers"])
        for name, size in sizes.items()
    }
