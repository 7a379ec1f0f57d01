"""The layers of a Hugging Face model, from its config.json alone.

The rules are those of transformers 5.23 (`cache_utils.py`), and a test builds small models of
each family and compares with their cache, byte by byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.runner.shapes.fields import Fields, whole
from core.runner.shapes.linear import linear_layer
from core.runner.shapes.shape import KvLayer

LAYERS = ("num_hidden_layers", "n_layer", "num_layers", "num_transformer_layers")
HEADS = ("num_attention_heads", "n_head", "num_query_heads")
HIDDEN = ("hidden_size", "n_embd", "d_model", "model_dim")
KEY_HEADS = ("num_key_value_heads", "num_kv_heads", "n_head_kv", "num_key_value_heads_per_layer")
FEED_FORWARD = ("intermediate_size", "n_inner", "ffn_dim", "moe_intermediate_size")

# What a family takes when its config.json does not say it; a test compares with transformers.
DEFAULTS: Mapping[str, Mapping[str, int]] = {
    "gemma": {"head_dim": 256},
    "gemma2": {"head_dim": 256, "sliding_window": 4096, "sliding_window_pattern": 2},
    "gemma3_text": {
        "head_dim": 256,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "sliding_window": 4096,
        "sliding_window_pattern": 6,
    },
    "gemma3n_text": {
        "head_dim": 256,
        "num_attention_heads": 8,
        "num_key_value_heads": 2,
        "sliding_window": 512,
        "sliding_window_pattern": 5,
        "num_kv_shared_layers": 15,
    },
    "gemma4_text": {
        "head_dim": 256,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "sliding_window": 512,
        "sliding_window_pattern": 6,
        "global_head_dim": 512,
    },
    "qwen3": {"head_dim": 128},
    "qwen3_moe": {},
    "qwen3_next": {"head_dim": 256, "full_attention_interval": 4},
    "qwen3_5_text": {"head_dim": 256, "full_attention_interval": 4},
    "qwen3_5_moe_text": {"head_dim": 256, "full_attention_interval": 4},
    "cohere2": {"sliding_window": 4096, "sliding_window_pattern": 4},
    "olmo3": {"sliding_window": 4096, "sliding_window_pattern": 4},
    "gpt_oss": {"head_dim": 64, "sliding_window": 128, "sliding_window_pattern": 2},
}
LINEAR = frozenset({"linear_attention", "conv", "mamba", "mamba2", "recurrent"})
SLIDING = frozenset({"sliding_attention", "hybrid_sliding", "reference_sliding_attention"})
NOTHING = frozenset({"moe", "mlp", "dummy"})
BOTH = frozenset({"hybrid", "hybrid_sliding"})


def text_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of config.json about the language model, with what its family takes for granted."""
    found = Fields(config).group("text_config") or config
    return {**DEFAULTS.get(Fields(found).word("model_type"), {}), **found}


def layers_of(config: Mapping[str, Any]) -> tuple[KvLayer, ...]:
    """What each layer of the model keeps; empty when config.json does not tell its dimensions."""
    text = text_of(config)
    fields = Fields(text)
    kinds = fields.words("layer_types", "layers_block_type")
    count = fields.count(*LAYERS) or len(kinds or ())
    if not count or count > 10_000:
        return ()
    kinds = kinds if kinds and len(kinds) == count else _kinds(fields, count)
    silent = fields.count("num_kv_shared_layers") or 0
    return tuple(
        KvLayer(kind="shared")
        if silent < count and number >= count - silent
        else _layer(_own(text, number, kinds[number]), kinds[number], number)
        for number in range(count)
    )


def _own(text: Mapping[str, Any], number: int, kind: str) -> Mapping[str, Any]:
    """The values that hold for one layer."""
    fields = Fields(text)
    listed = fields.group("per_layer_config")
    if listed or kind != "full_attention":
        found = listed.get(str(number))
        return {**text, **found} if isinstance(found, Mapping) else text
    keys = fields.count("num_global_key_value_heads")
    keys = keys if fields.flag("attention_k_eq_v") is not False else None
    wider = {"head_dim": fields.count("global_head_dim"), "num_key_value_heads": keys}
    return {**text, **{name: value for name, value in wider.items() if value}}


def _layer(text: Mapping[str, Any], kind: str, number: int) -> KvLayer:
    fields = Fields(text)
    if kind in NOTHING:
        return KvLayer(kind="none")
    state = linear_layer(fields) if kind in LINEAR | BOTH else KvLayer()
    if kind in LINEAR:
        return state
    heads, keys, values = _attention(fields, number)
    window = fields.count("sliding_window") if kind in SLIDING else None
    if kind == "chunked_attention":
        window = fields.count("attention_chunk_size")
    latent = fields.has("kv_lora_rank")
    return KvLayer(
        kv_heads=heads,
        key_length=keys,
        value_length=values,
        kept=max(0, window - 1) if window else None,  # the newest comes to those that are kept
        conv_numbers=state.conv_numbers,
        state_numbers=state.state_numbers,
        kind="latent" if latent else "sliding" if window else "full",
    )


def _attention(fields: Fields, number: int) -> tuple[int, int, int]:
    """Heads, numbers a key, numbers a value."""
    rank, turned = fields.count("kv_lora_rank"), fields.count("qk_rope_head_dim")
    if rank and turned:
        return 1, rank, turned  # both parts of the latent, as one head
    hidden, heads = fields.count(*HIDDEN) or 0, _of_layer(fields, HEADS, number) or 0
    length = fields.count("head_dim", "attention_head_dim", "kv_channels")
    length = length or (hidden // heads if heads else 0)
    found = _of_layer(fields, KEY_HEADS, number) or _grouped(fields, number, heads)
    if found is None:
        found = 1 if fields.flag("multi_query") else heads
    return found, length, length


def _of_layer(fields: Fields, names: tuple[str, ...], number: int) -> int | None:
    listed = fields.counts(*names)
    if listed is not None and number < len(listed):
        return listed[number]
    return fields.count(*names)


def _grouped(fields: Fields, number: int, heads: int) -> int | None:
    """The DeciLM way: each block says how many query heads share one key head."""
    blocks = fields.groups("block_configs")
    if number >= len(blocks):
        return None
    attention = Fields(blocks[number]).group("attention")
    if attention.get("no_op"):
        return 0
    group = whole(attention.get("n_heads_in_group"))
    return heads // group if group else None


def _kinds(fields: Fields, count: int) -> list[str]:
    """The layers' kinds as older files tell them."""
    full, sliding = "full_attention", "sliding_attention"
    interval = fields.count("full_attention_interval")
    if interval:
        return [full if (n + 1) % interval == 0 else "linear_attention" for n in range(count)]
    mambas = fields.has("mamba_d_ssm")
    if mambas:
        return ["hybrid"] * count
    indices = fields.counts("full_attn_idxs")
    if indices is not None:
        return [full if n in indices else "conv" for n in range(count)]
    return _windows(fields, count, full, sliding)


def _windows(fields: Fields, count: int, full: str, sliding: str) -> list[str]:
    if not fields.count("sliding_window"):
        return [full] * count
    if fields.word("model_type").startswith("qwen"):
        first = fields.count("max_window_layers") or 28
        on = fields.flag("use_sliding_window")
        return [sliding if on and n >= first else full for n in range(count)]
    if fields.flag("use_sliding_window") is False:
        return [full] * count
    pattern = fields.count("sliding_window_pattern", "_sliding_window_pattern")
    if pattern:
        return [sliding if (n + 1) % pattern else full for n in range(count)]
    return [sliding] * count
