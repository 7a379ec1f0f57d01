"""Random models of other families than Llama, with the small tokenizer of `tiny_model`.

`python -m testing.random_model FOLDER CONFIG DTYPE`, CONFIG as JSON with its `model_type`. It
takes torch and transformers, so it is a program of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.paths import PROJECT
from testing.tiny_files import Shape, write_json
from testing.tiny_model import make_tiny_model

ENDS = {"eos_token_id": None, "pad_token_id": None, "bos_token_id": None}


def make_random_model(folder: Path, config: Mapping[str, Any], dtype: str = "float32") -> Path:
    """Write a model with random weights into `folder`; the folder. No token ends its answer."""
    words = Shape(vocabulary=config["vocab_size"], window=config["max_position_embeddings"])
    make_tiny_model(folder, shape=words, endless=True)
    (folder / "model.safetensors").unlink()
    told = json.dumps({**config, **ENDS})
    command = [sys.executable, "-m", "testing.random_model", str(folder), told, dtype]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    return folder


def main(folder: Path, config: dict[str, Any], dtype: str) -> None:
    """Build the model and write it."""
    import torch  # noqa: TID251
    from transformers import AutoConfig, AutoModelForCausalLM  # noqa: TID251

    made = AutoConfig.for_model(config.pop("model_type"), **config)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(made, dtype=getattr(torch, dtype))
    model.save_pretrained(folder)
    write_json(folder / "generation_config.json", {"do_sample": False, **ENDS})


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3])
