"""Trains a LoRA for two steps on the processor and prints the peak of its memory, in bytes.

`python -m testing.training_child FOLDER TRAINING`, the training as JSON with the names of
`core.hardware.forecast.Training`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from core.runner.host_memory import given_back


def main(folder: str, wanted: dict[str, Any]) -> None:
    """See above."""
    import torch  # noqa: TID251
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig  # noqa: TID251

    small = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True
    )
    given = {"quantization_config": small} if wanted["quantization"] == "nf4" else {}
    with given_back():  # as a runner loads
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **given)
    model.config.use_cache = False
    if wanted["checkpointing"]:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    rank = wanted["rank"]
    lora = LoraConfig(r=rank, lora_alpha=rank, target_modules=wanted["targets"])
    model = get_peft_model(model, lora)
    model.train()
    optimiser = torch.optim.AdamW(one for one in model.parameters() if one.requires_grad)
    ids = torch.arange(wanted["tokens"]).remainder(300).expand(wanted["batch"], -1)  # (B, T)
    for _step in range(2):
        model(input_ids=ids, labels=ids).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    status = Path("/proc/self/status").read_text()
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M)
    assert peak is not None
    sys.stdout.write(f"{1024 * int(peak[1])}\n")


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
