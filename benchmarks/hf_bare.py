"""The other side of `bench hf`: transformers' own loop, and the runner's adapters, bare.

Run as a process: `python -m benchmarks.hf_bare generate|switch FOLDER TOKENS SWITCHES`.
Answers each line of standard input with one JSON line.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

import torch

from core.runner.host import settle
from core.runner.host_generate import Engine
from core.runner.host_model import Base, load
from core.runner.loading import LoadOptions


def generate(base: Base, tokens: int, text: str) -> dict[str, Any]:
    """One answer through `generate` and transformers' own streamer."""
    from transformers import TextIteratorStreamer

    began = time.perf_counter()
    ids = base.tokenizer.apply_chat_template(
        [{"role": "user", "content": text}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )["input_ids"]
    streamer = TextIteratorStreamer(base.tokenizer, skip_prompt=True, skip_special_tokens=True)
    options = {
        "attention_mask": torch.ones_like(ids),
        "max_new_tokens": tokens,
        "do_sample": False,
        "streamer": streamer,
    }
    thread = Thread(target=_generate, args=(base.model, ids, options))
    thread.start()
    for _piece in streamer:
        pass
    thread.join()
    return {"seconds": time.perf_counter() - began}


def _generate(model: Any, ids: Any, options: dict[str, Any]) -> None:
    with torch.inference_mode():
        model.generate(ids, **options)


def switch(engine: Engine, adapters: Path, times: int) -> dict[str, Any]:
    """Milliseconds of each switch, all adapters loaded before."""
    folders = sorted(str(folder) for folder in adapters.iterdir())
    for folder in folders:
        engine.adapt(folder)
    found = []
    for number in range(times):
        began = time.perf_counter()
        engine.adapt(folders[number % len(folders)])
        found.append((time.perf_counter() - began) * 1000)
    return {"switch_ms": found}


def main() -> None:
    what, folder, tokens, times = sys.argv[1:]
    base = load(Path(folder), "hf:base", LoadOptions(quantization="none", device="cpu"))
    with torch.inference_mode():
        engine = Engine(base)
        settle()  # as a runner does
        for line in sys.stdin:
            if what == "generate":
                found = generate(base, int(tokens), line.strip())
            else:
                found = switch(engine, Path(line.strip()), int(times))
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
