"""The sentence encoder's child process: `python -m core.runner.host_encoder FOLDER --ref NAME`.

Texts in, vectors of length 1 out. The folder is one of sentence-transformers', read without that
package (which takes ten seconds to import): a model, its tokenizer, and how tokens are pooled.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ModelRefused
from core.runner import protocol
from core.runner.host import Order, Server, Wire, main
from core.runner.host_model import hide_unneeded
from core.runner.host_placing import threads

BATCH = 16  # texts read at once
MAX_TOKENS = 256
PARTS = {"Transformer", "Pooling", "Normalize"}


@dataclass(frozen=True, slots=True)
class Encoding:
    """A loaded encoder. `first_token`: the vector is that of the first token, not the mean."""

    model: Any
    tokenizer: Any
    first_token: bool

    def vectors(self, texts: Sequence[str]) -> Any:
        """(n, d) float32, each row of length 1."""
        import torch

        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        found: list[Any] = [None] * len(texts)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            with torch.inference_mode():
                rows = self._batch([texts[number] for number in chosen])
            for number, row in zip(chosen, rows, strict=True):
                found[number] = row
        return torch.stack(found)

    def _batch(self, texts: list[str]) -> Any:
        import torch

        encoded = self.tokenizer.encode_batch(texts)
        ids = torch.tensor([one.ids for one in encoded])  # (B, T)
        mask = torch.tensor([one.attention_mask for one in encoded])  # (B, T)
        hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state  # (B, T, d)
        if self.first_token:
            pooled = hidden[:, 0]
        else:
            weights = mask.unsqueeze(-1).to(hidden.dtype)  # (B, T, 1)
            pooled = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)
        return torch.nn.functional.normalize(pooled.float(), dim=-1)


class EncoderHost(Server):
    """Encodes what it is given."""

    def __init__(self, wire: Wire, encoding: Encoding, ref: str) -> None:
        super().__init__(wire, ref, {protocol.ENCODE: self._encode})
        self._encoding = encoding

    def _encode(self, order: Order) -> None:
        vectors = self._encoding.vectors([str(text) for text in order["texts"]])
        self._wire.say(
            protocol.DONE,
            id=order["id"],
            reason=protocol.STOP,
            width=vectors.shape[1],
            vectors=base64.b64encode(vectors.numpy().astype("<f4").tobytes()).decode(),
        )


def load(folder: Path, ref: str) -> Encoding:
    """Load the encoder of `folder`: safetensors only, no code from it, offline.

    Raises:
        ModelRefused: it is put together in a way that is not understood here.
    """
    _refuse_others(folder, ref)
    hide_unneeded()
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    pooling = _json(folder / "1_Pooling" / "config.json")
    try:
        model = AutoModel.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32,
        )
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # whatever these libraries make of a wrong folder
        raise ModelRefused(model=ref, detail=str(error)[:200].split("\n")[0]) from error
    longest = _json(folder / "sentence_bert_config.json").get("max_seq_length") or MAX_TOKENS
    tokenizer.enable_truncation(min(int(longest), 512))
    tokenizer.enable_padding(pad_id=model.config.pad_token_id or 0)
    torch.set_num_threads(threads(sum(one.numel() for one in model.parameters())))
    return Encoding(model.eval(), tokenizer, bool(pooling.get("pooling_mode_cls_token")))


def _refuse_others(folder: Path, ref: str) -> None:
    modules = _json(folder / "modules.json", [])
    kinds = {str(module.get("type", "")).rpartition(".")[2] for module in modules}
    if kinds - PARTS:
        names = ", ".join(sorted(kinds - PARTS))
        raise ModelRefused(model=ref, detail=f"its part {names} is not understood")


def _json(file: Path, default: Any = None) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {} if default is None else default


def _load(wire: Wire, arguments: argparse.Namespace) -> Server:
    begun = time.perf_counter()
    encoding = load(arguments.folder, arguments.ref)
    encoding.vectors(["the first text pays for first uses"])
    wire.say(protocol.READY, load_s=time.perf_counter() - begun)
    return EncoderHost(wire, encoding, arguments.ref)


if __name__ == "__main__":
    sys.exit(main(_load))
