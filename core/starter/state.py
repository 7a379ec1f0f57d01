"""The state of a training run on disk: safetensors, and a marker that makes them count."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaForCausalLM


@dataclass
class Progress:
    """Where a run stands; `pool` counts the pools of dialogues already used."""

    seed: int
    step: int = 0
    pool: int = 0
    elapsed_s: float = 0.0


def save_state(
    folder: Path, model: LlamaForCausalLM, tools: list[torch.optim.Optimizer], at: Progress
) -> None:
    """Write weights and optimiser state, then the marker that makes them count."""
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / "progress.json"
    marker.unlink(missing_ok=True)
    save_file(dict(model.named_parameters()), folder / "model.safetensors")
    state: dict[str, torch.Tensor] = {}
    for number, tool in enumerate(tools):
        for index, values in tool.state_dict()["state"].items():
            for key, value in values.items():
                state[f"{number}.{index}.{key}"] = torch.as_tensor(value).clone().contiguous()
    save_file(state, folder / "optimizer.safetensors")
    marker.with_suffix(".tmp").write_text(json.dumps(asdict(at)), encoding="utf-8")
    os.replace(marker.with_suffix(".tmp"), marker)


def load_state(
    folder: Path, model: LlamaForCausalLM, tools: list[torch.optim.Optimizer]
) -> Progress:
    """Read a state back; raises FileNotFoundError when it was never completed."""
    at = Progress(**json.loads((folder / "progress.json").read_text(encoding="utf-8")))
    load_weights(model, folder)
    stored = load_file(folder / "optimizer.safetensors")
    for number, tool in enumerate(tools):
        states: dict[int, dict[str, Any]] = {}
        for name, value in stored.items():
            tool_number, index, key = name.split(".", 2)
            if int(tool_number) == number:
                states.setdefault(int(index), {})[key] = value
        tool.load_state_dict({**tool.state_dict(), "state": states})
    return at


def load_weights(model: LlamaForCausalLM, folder: Path) -> None:
    """Read weights into the model; the tied output layer follows the embeddings."""
    weights = load_file(folder / "model.safetensors")
    model.load_state_dict({k: v.float() for k, v in weights.items()}, strict=False)
    model.tie_weights()
