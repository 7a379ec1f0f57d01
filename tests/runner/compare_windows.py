"""Run by test_windows.py in a process of its own: kept caches against transformers' generate.

Prints one JSON line: family → [[ours, theirs, reused tokens] for each turn].
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch

from core.runner.host_generate import Engine
from core.runner.host_model import load
from core.runner.protocol import Ask
from tests.runner.compare import ours, theirs

SMALL = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": False,
}
LAYERS = ["sliding_attention", "sliding_attention", "sliding_attention", "full_attention"]
LINEAR = {
    "linear_num_value_heads": 4,
    "linear_num_key_heads": 2,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "linear_conv_kernel_dim": 4,
    "layer_types": ["linear_attention", "linear_attention", "linear_attention", "full_attention"],
}
FAMILIES: dict[str, dict[str, Any]] = {
    "gemma3_text": {"sliding_window": 24, "layer_types": LAYERS},
    "mistral": {"sliding_window": 24},
    "qwen3_5_text": LINEAR,
}


def make(folder: Path, family: str, template: Path) -> Path:
    """A random model of a family with the tokenizer of the folder `template`."""
    from transformers import AutoConfig, AutoModelForCausalLM

    own = json.loads((template / "config.json").read_text())
    ends = {name: own[name] for name in ("eos_token_id", "pad_token_id", "bos_token_id")}
    config = AutoConfig.for_model(
        family, **{**SMALL, "vocab_size": own["vocab_size"], **ends, **FAMILIES[family]}
    )
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.2)
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((template / name).read_bytes())
    return folder


def turns(folder: Path) -> list[list[Any]]:
    """Three turns of two conversations that take turns."""
    base = load(folder, "hf:x")
    engine = Engine(base)
    talks: list[list[dict[str, str]]] = [
        [
            {"role": "system", "content": f"You are {name}, a calm gardener with much to tell."},
            {"role": "user", "content": "縁側でお茶を飲みませんか。Tell me about the garden."},
        ]
        for name in ("Mio", "Ren")
    ]
    found = []
    for _turn in range(3):
        for talk in talks:
            text, outcome = ours(engine, Ask(tuple(talk), 24, 2048, 0.0))
            other = theirs(base, talk, max_new_tokens=24, do_sample=False)
            found.append([text, other.rstrip("\ufffd"), outcome.reused_tokens])
            talk += [
                {"role": "assistant", "content": "Gladly, of course."},
                {"role": "user", "content": "And in autumn?"},
            ]
    return found


def main() -> None:
    root, template = Path(sys.argv[1]), Path(sys.argv[2])
    found = {family: turns(make(root / family, family, template)) for family in FAMILIES}
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    with torch.inference_mode():
        main()
