"""Tiny Llama models for tests, benchmarks and demos, made in milliseconds and without torch.

`make_tiny_model` gives one with random weights: it talks nonsense, but through the very same
files, classes and arithmetic as a real one. `make_scripted_model` gives one whose weights
spell out a text that you choose, token by token, and then end or begin again: what it must
answer is known exactly, which makes kills, cuts and stops testable.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from testing.tiny_adapter import make_tiny_adapter
from testing.tiny_files import (
    Shape,
    random_weights,
    scripted_weights,
    write_files,
    write_json,
    write_weights,
)
from testing.tiny_words import (
    END,
    SPECIAL,
    add_pieces,
    byte_letters,
    distinct_pieces,
    make_tokenizer,
    vocabulary_of,
)

__all__ = [
    "FIVE_MILLION",
    "SPECIAL",
    "TEMPLATE",
    "Shape",
    "make_scripted_model",
    "make_tiny_adapter",
    "make_tiny_model",
]

TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
FIVE_MILLION = Shape(
    hidden=256, layers=6, heads=8, key_heads=4, inner=640, vocabulary=4000, window=1024
)
"""About the size of the bundled starter model, for measurements."""


def make_tiny_model(
    folder: Path,
    seed: int = 0,
    shape: Shape | None = None,
    *,
    template: str | None = TEMPLATE,
    generation: dict[str, Any] | None = None,
    dtype: str = "float32",
    endless: bool = False,
) -> Path:
    """Write a random Llama with a small byte-level BPE tokenizer into `folder`; the folder.

    `template=None` leaves the chat template out. `generation` is added to
    generation_config.json. `dtype` is float32 or float16. `endless`: no token ends an
    answer. The same seed gives the same bytes.
    """
    shape = shape or Shape()
    tokenizer = make_tokenizer(shape.vocabulary)
    add_pieces(
        tokenizer, [f" w{n}" for n in range(shape.vocabulary - len(vocabulary_of(tokenizer)))]
    )
    write_files(folder, tokenizer, shape, template, generation or {}, dtype)
    if endless:
        for name in ("config.json", "generation_config.json"):
            content = json.loads((folder / name).read_text(encoding="utf-8"))
            write_json(folder / name, {**content, "eos_token_id": None})
        words = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        words.pop("eos_token")
        write_json(folder / "tokenizer_config.json", words)
    write_weights(folder, random_weights(shape, seed), dtype)
    return folder


def make_scripted_model(
    folder: Path,
    text: str,
    *,
    endless: bool = False,
    piece_bytes: int = 3,
    window: int = 4096,
    template: str = TEMPLATE,
) -> Path:
    """Write a model that answers every prompt with `text`, greedily or sampled; the folder.

    Its tokens are pieces of about `piece_bytes` UTF-8 bytes, cut without regard to characters,
    so that most Japanese ones arrive in two tokens. `endless` makes it begin again after the
    last piece, until max_tokens or the window ends it.
    """
    tokenizer = make_tokenizer(Shape().vocabulary)
    taken = vocabulary_of(tokenizer)
    first = len(taken)
    pieces = distinct_pieces(byte_letters(text), piece_bytes, set(taken))
    add_pieces(tokenizer, pieces)
    path = [taken["<|assistant|>"], *range(first, first + len(pieces))]
    path.append(first if endless else taken[END])
    shape = Shape(hidden=128, layers=1, vocabulary=first + len(pieces), window=window)
    write_files(folder, tokenizer, shape, template, {}, "float32")
    write_weights(folder, scripted_weights(shape, path), "float32")
    return folder
