"""The files of a tiny Llama: its shape, its configuration, its weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testing.tiny_words import END, PAD, vocabulary_of


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a model; the default has about 70,000 parameters beside its vocabulary."""

    hidden: int = 64
    layers: int = 2
    heads: int = 4
    key_heads: int = 2
    inner: int = 128
    vocabulary: int = 400
    window: int = 512


def write_files(
    folder: Path,
    tokenizer: dict[str, Any],
    shape: Shape,
    template: str | None,
    generation: dict[str, Any],
    dtype: str,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = vocabulary_of(tokenizer)
    ends = {"eos_token_id": vocabulary[END], "pad_token_id": vocabulary[PAD], "bos_token_id": None}
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.inner,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.key_heads,
        "vocab_size": shape.vocabulary,
        "max_position_embeddings": shape.window,
        "tie_word_embeddings": False,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "hidden_act": "silu",
        "dtype": dtype,
        **ends,
    }
    words = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": END, "pad_token": PAD}
    words |= {"chat_template": template} if template is not None else {}
    write_json(folder / "config.json", config)
    write_json(folder / "generation_config.json", {"do_sample": False, **ends, **generation})
    write_json(folder / "tokenizer.json", tokenizer)
    write_json(
        folder / "tokenizer_config.json",
        {**words, "clean_up_tokenization_spaces": False, "model_max_length": shape.window},
    )


def write_json(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def write_weights(folder: Path, weights: dict[str, Any], dtype: str) -> None:
    from safetensors.numpy import save_file

    stored = {name: array.astype(dtype) for name, array in weights.items()}
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})


def _shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Name → (out, in) of every weight, as transformers names them."""
    keys = shape.hidden // shape.heads * shape.key_heads
    found: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (shape.vocabulary, shape.hidden),
        "lm_head.weight": (shape.vocabulary, shape.hidden),
        "model.norm.weight": (shape.hidden,),
    }
    for layer in range(shape.layers):
        at = f"model.layers.{layer}"
        found |= {
            f"{at}.self_attn.q_proj.weight": (shape.hidden, shape.hidden),
            f"{at}.self_attn.k_proj.weight": (keys, shape.hidden),
            f"{at}.self_attn.v_proj.weight": (keys, shape.hidden),
            f"{at}.self_attn.o_proj.weight": (shape.hidden, shape.hidden),
            f"{at}.mlp.gate_proj.weight": (shape.inner, shape.hidden),
            f"{at}.mlp.up_proj.weight": (shape.inner, shape.hidden),
            f"{at}.mlp.down_proj.weight": (shape.hidden, shape.inner),
            f"{at}.input_layernorm.weight": (shape.hidden,),
            f"{at}.post_attention_layernorm.weight": (shape.hidden,),
        }
    return found


def random_weights(shape: Shape, seed: int) -> dict[str, Any]:
    import numpy as np

    random = np.random.default_rng(seed)
    return {
        name: np.ones(size) if len(size) == 1 else random.normal(0.0, 0.08, size)
        for name, size in _shapes(shape).items()
    }


def scripted_weights(shape: Shape, path: Sequence[int]) -> dict[str, Any]:
    """Weights that lead from each token of `path` to the next one, whatever stood before.

    All layers add nothing, so that the last hidden state is the token's own embedding; the
    output row of its successor is that same direction.
    """
    import numpy as np

    weights = {
        name: np.ones(size) if len(size) == 1 else np.zeros(size)
        for name, size in _shapes(shape).items()
    }
    random = np.random.default_rng(0)
    embedding = random.normal(0.0, 1.0, (shape.vocabulary, shape.hidden))
    head = weights["lm_head.weight"]
    for here, following in zip(path, path[1:], strict=False):
        head[following] += embedding[here]
    weights["model.embed_tokens.weight"] = embedding
    return weights
