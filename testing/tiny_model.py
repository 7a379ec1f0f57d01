"""Tiny Llama models for tests, benchmarks and demos, made in milliseconds and without torch.

`make_tiny_model` gives one with random weights: it talks nonsense, but through the very same
files, classes and arithmetic as a real one. `make_scripted_model` gives one whose weights
spell out a text that you choose, token by token, and then end or begin again: what it must
answer is known exactly, which makes kills, cuts and stops testable.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPECIAL = ("<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
PAD, END = SPECIAL[0], SPECIAL[1]
TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
CORPUS = (
    "The people inside and the people passing by sit down together and talk.",
    "Rooms, agents, models, skills, memory and hardware are the screens of this app.",
    "縁側は、家の中の人と通りがかりの人が並んで座って話をする場所です。",
    "こんにちは。今日はいい天気ですね。お元気ですか。ありがとうございます。",
)


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
    tokenizer = _tokenizer(shape.vocabulary)
    _add_pieces(
        tokenizer, [f" w{n}" for n in range(shape.vocabulary - len(_vocabulary(tokenizer)))]
    )
    _write_files(folder, tokenizer, shape, template, generation or {}, dtype)
    if endless:
        for name in ("config.json", "generation_config.json"):
            content = json.loads((folder / name).read_text(encoding="utf-8"))
            _write_json(folder / name, {**content, "eos_token_id": None})
        words = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        words.pop("eos_token")
        _write_json(folder / "tokenizer_config.json", words)
    _write_weights(folder, _random_weights(shape, seed), dtype)
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
    tokenizer = _tokenizer(Shape().vocabulary)
    taken = _vocabulary(tokenizer)
    first = len(taken)
    pieces = _distinct_pieces(_byte_letters(text), piece_bytes, set(taken))
    _add_pieces(tokenizer, pieces)
    path = [taken["<|assistant|>"], *range(first, first + len(pieces))]
    path.append(first if endless else taken[END])
    shape = Shape(hidden=128, layers=1, vocabulary=first + len(pieces), window=window)
    _write_files(folder, tokenizer, shape, template, {}, "float32")
    _write_weights(folder, _scripted_weights(shape, path), "float32")
    return folder


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
    _write_json(folder / "adapter_config.json", config)
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


# --- the tokenizer, as the JSON that it is stored as ------------------------------------------


def _tokenizer(size: int) -> dict[str, Any]:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    content: dict[str, Any] = json.loads(tokenizer.to_str())
    return content


def _vocabulary(tokenizer: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = tokenizer["model"]["vocab"]
    return found


def _add_pieces(tokenizer: dict[str, Any], pieces: Iterable[str]) -> None:
    vocabulary = _vocabulary(tokenizer)
    for piece in pieces:  # no merge leads to them, so that no text is ever encoded with them
        vocabulary[piece] = len(vocabulary)


def _byte_letters(text: str) -> str:
    """`text` as byte-level BPE writes it: one letter for each UTF-8 byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in plain}
    others = [byte for byte in range(256) if byte not in letters]
    letters |= {byte: chr(256 + place) for place, byte in enumerate(others)}
    return "".join(letters[byte] for byte in text.encode())


def _distinct_pieces(letters: str, length: int, taken: set[str]) -> list[str]:
    """Cut into pieces of `length` letters, longer where that one is taken already.

    A piece stands for one token and its successor must be unique.
    """
    pieces: list[str] = []
    at = 0
    while at < len(letters):
        end = at + length
        while letters[at:end] in taken and end < len(letters):
            end += 1
        piece = letters[at:end]
        while piece in taken:  # the end of the text: take the pieces before it along
            piece = pieces.pop() + piece
        taken.add(piece)
        pieces.append(piece)
        at = end
    return pieces


# --- the files --------------------------------------------------------------------------------


def _write_files(
    folder: Path,
    tokenizer: dict[str, Any],
    shape: Shape,
    template: str | None,
    generation: dict[str, Any],
    dtype: str,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _vocabulary(tokenizer)
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
    _write_json(folder / "config.json", config)
    _write_json(folder / "generation_config.json", {"do_sample": False, **ends, **generation})
    _write_json(folder / "tokenizer.json", tokenizer)
    _write_json(
        folder / "tokenizer_config.json",
        {**words, "clean_up_tokenization_spaces": False, "model_max_length": shape.window},
    )


def _write_json(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def _write_weights(folder: Path, weights: dict[str, Any], dtype: str) -> None:
    from safetensors.numpy import save_file

    stored = {name: array.astype(dtype) for name, array in weights.items()}
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})


# --- the weights ------------------------------------------------------------------------------


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


def _random_weights(shape: Shape, seed: int) -> dict[str, Any]:
    import numpy as np

    random = np.random.default_rng(seed)
    return {
        name: np.ones(size) if len(size) == 1 else random.normal(0.0, 0.08, size)
        for name, size in _shapes(shape).items()
    }


def _scripted_weights(shape: Shape, path: Sequence[int]) -> dict[str, Any]:
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
