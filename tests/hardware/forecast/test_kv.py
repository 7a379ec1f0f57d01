"""The keys and values of a forecast are those that transformers keeps, to the byte.

Each family is built small from its own config class, run once with its cache on, and the bytes of
the cache's tensors are added up. Nothing of ours takes part in that sum.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.runner.shapes.config import DEFAULTS, layers_of, text_of
from core.runner.shapes.shape import ModelShape

torch = pytest.importorskip("torch")
SMALL = {
    "vocab_size": 96,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
LINEAR = {
    "head_dim": 16,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
}
EXPERTS = {
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
    "shared_expert_intermediate_size": 16,
}
LATENT = {
    "num_key_value_heads": 4,
    "kv_lora_rank": 16,
    "q_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 16,
    "v_head_dim": 16,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "n_group": 1,
    "topk_group": 1,
    "moe_intermediate_size": 16,
    "first_k_dense_replace": 2,
}
MIXED = ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]
SHARED = {
    "head_dim": 16,
    "sliding_window": 16,
    "layer_types": MIXED,
    "num_kv_shared_layers": 2,
    "hidden_size_per_layer_input": 8,
    "vocab_size_per_layer_input": 96,
}
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", {}),
    "llama one key head": ("llama", {"num_key_value_heads": 1}),
    "qwen2": ("qwen2", {}),
    "qwen2 sliding": (
        "qwen2",
        {"use_sliding_window": True, "sliding_window": 16, "max_window_layers": 2},
    ),
    "qwen3": ("qwen3", {"head_dim": 24}),
    "qwen3 moe": ("qwen3_moe", {"head_dim": 24, **EXPERTS}),
    "qwen3.5": ("qwen3_5_text", LINEAR),
    "qwen3-next": ("qwen3_next", {**LINEAR, **EXPERTS}),
    "gemma": ("gemma", {"head_dim": 16}),
    "gemma2": ("gemma2", {"head_dim": 16, "sliding_window": 16}),
    "gemma3": ("gemma3_text", {"head_dim": 16, "sliding_window": 16, "num_hidden_layers": 7}),
    "gemma3n": ("gemma3n_text", SHARED),
    "gemma4": (
        "gemma4_text",
        {
            **SHARED,
            "num_kv_shared_layers": 0,
            "global_head_dim": 32,
            "num_global_key_value_heads": 1,
            "attention_k_eq_v": True,
        },
    ),
    "gemma4 shared": ("gemma4_text", {**SHARED, "global_head_dim": 32}),
    "phi3": ("phi3", {"sliding_window": 16}),
    "mistral": ("mistral", {"sliding_window": 16}),
    "mixtral": ("mixtral", {"num_local_experts": 2}),
    "deepseek v3": ("deepseek_v3", LATENT),
    "gpt-oss": (
        "gpt_oss",
        {"head_dim": 16, "sliding_window": 16, "num_local_experts": 4, "num_experts_per_tok": 2},
    ),
    "falcon h1": (
        "falcon_h1",
        {"mamba_d_ssm": 64, "mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 16},
    ),
    "lfm2": ("lfm2", {"layer_types": ["conv", "conv", "full_attention", "conv"]}),
    "nemotron": ("nemotron", {}),
    "cohere2": ("cohere2", {"head_dim": 16, "sliding_window": 16}),
    "olmo3": ("olmo3", {"sliding_window": 16}),
    "granite": ("granite", {}),
    "gpt2": ("gpt2", {"n_embd": 64, "n_layer": 4, "n_head": 4, "n_positions": 256}),
}


def _model(family: str, changes: dict[str, Any]) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM

    given = {} if family == "gpt2" else dict(SMALL)
    config = AutoConfig.for_model(family, **{**given, **changes})
    return AutoModelForCausalLM.from_config(config).eval()


def _tensors(held: Any) -> Iterator[Any]:
    """Every tensor of a cache that holds something of the context."""
    if isinstance(held, torch.Tensor):
        yield held
    elif isinstance(held, dict):
        for value in held.values():
            yield from _tensors(value)
    elif isinstance(held, list | tuple):
        for value in held:
            yield from _tensors(value)
    elif type(held).__module__.startswith("transformers.cache"):
        for name, value in vars(held).items():
            if name != "_sliding_window_tensor":  # one number, and none of the context's
                yield from _tensors(value)


def _kept_bytes(model: Any, tokens: int) -> int:
    with torch.no_grad():
        cache = model(torch.randint(3, 90, (1, tokens)), use_cache=True).past_key_values
    found = {id(tensor): tensor for tensor in _tensors(cache)}
    return sum(tensor.numel() * tensor.element_size() for tensor in found.values())


def _forecast(model: Any, tokens: int, number_bytes: float) -> int:
    config = json.loads(model.config.to_json_string())  # as it stands in a folder
    shape = ModelShape("hf:x", "transformers", "x", layers_of(config), 0)
    return shape.kv_bytes(tokens, number_bytes=number_bytes)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize(("dtype", "size"), [("float32", 4.0), ("bfloat16", 2.0)])
def test_keys_and_values_are_exact_to_the_byte(name: str, dtype: str, size: float) -> None:
    model = _model(*FAMILIES[name]).to(getattr(torch, dtype))
    for tokens in (7, 40):  # inside the window and beyond it
        assert _forecast(model, tokens, size) == _kept_bytes(model, tokens) > 0


def test_defaults_are_those_of_transformers() -> None:
    from transformers import AutoConfig

    for family, taken in DEFAULTS.items():
        config = json.loads(AutoConfig.for_model(family).to_json_string(use_diff=False))
        text = text_of({"model_type": family})
        for name in ("head_dim", "num_attention_heads", "num_key_value_heads", "sliding_window"):
            if name in taken:
                assert text[name] == config[name], (family, name)
        pattern = taken.get("sliding_window_pattern") or taken.get("full_attention_interval")
        if pattern:
            found = [kind == "full_attention" for kind in config["layer_types"][:-1]]
            told = [(number + 1) % pattern == 0 for number in range(len(found))]
            assert found == told, family


def test_gemma4_files_of_the_hub_name_the_wider_layers() -> None:
    hub = {
        "model_type": "gemma4",
        "text_config": {
            "model_type": "gemma4_text",
            "num_hidden_layers": 6,
            "num_key_value_heads": 4,
            "num_global_key_value_heads": 1,
            "attention_k_eq_v": True,
        },
    }
    numbers = [layer.numbers_per_token() for layer in layers_of(hub)]
    assert numbers == [4 * 2 * 256] * 5 + [1 * 2 * 512]


PER_LAYER = [
    ({"num_kv_heads": [1, 2, 4], "num_query_heads": [4, 4, 8], "head_dim": 8}, [16, 32, 64]),
    (
        {"num_key_value_heads_per_layer": [2, 2, 1], "num_attention_heads": 4, "hidden_size": 32},
        [32, 32, 16],
    ),
    (
        {
            "num_attention_heads": 8,
            "hidden_size": 64,
            "block_configs": [
                {"attention": {"n_heads_in_group": 4}},
                {"attention": {"no_op": True}},
                {"attention": {"n_heads_in_group": 8}},
            ],
        },
        [32, 0, 16],
    ),
]


@pytest.mark.parametrize(("config", "numbers"), PER_LAYER)
def test_lists_of_key_heads_are_read_layer_by_layer(
    config: dict[str, Any], numbers: list[int]
) -> None:
    """OpenELM, Nemotron-NAS, DeciLM: transformers runs their code from the folder, so we do not."""
    layers = layers_of({"num_hidden_layers": 3, **config})
    assert [layer.numbers_per_token() for layer in layers] == numbers


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"num_hidden_layers": "many"},
        {"num_hidden_layers": -1},
        {"num_hidden_layers": 10**12},
        {"num_hidden_layers": 2, "num_attention_heads": 0, "hidden_size": 0},
        {"text_config": []},
        {"num_hidden_layers": 2, "per_layer_config": {"0": "x"}, "block_configs": [1]},
        {"num_hidden_layers": True, "layer_types": [1, 2]},
    ],
)
def test_a_lying_config_is_no_crash(config: dict[str, Any]) -> None:
    shape = ModelShape("hf:x", "transformers", "x", layers_of(config), 0)
    assert shape.kv_bytes(1000) >= 0
