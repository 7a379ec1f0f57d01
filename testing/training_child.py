"""Trains a LoRA for two steps on the processor and prints the peak of its memory, in bytes.

`python -m testing.training_child FOLDER RANK TOKENS CHECKPOINTING BITS`: 1 or 0, and nf4 or none.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

TARGETS = ("q_proj", "v_proj")


def main(folder: str, rank: int, tokens: int, checkpointing: bool, bits: str) -> None:
    """See above."""
    import torch  # noqa: TID251
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig  # noqa: TID251

    small = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True
    )
    given = {"quantization_config": small} if bits == "nf4" else {}
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **given)
    model.config.use_cache = False
    if checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    model = get_peft_model(model, LoraConfig(r=rank, lora_alpha=rank, target_modules=list(TARGETS)))
    model.train()
    wanted = [one for one in model.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(wanted)
    ids = torch.arange(tokens).remainder(300).unsqueeze(0)
    for _step in range(2):
        model(input_ids=ids, labels=ids).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    status = Path("/proc/self/status").read_text()
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M)
    assert peak is not None
    sys.stdout.write(f"{1024 * int(peak[1])}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "1", sys.argv[5])
