"""What layers without attention keep: states whose size does not depend on the context."""

from __future__ import annotations

from core.runner.shapes.fields import Fields
from core.runner.shapes.shape import KvLayer


def linear_layer(fields: Fields) -> KvLayer:
    """The state of one layer, from the names that its family uses; empty for an unknown one."""
    for read in (_gated_delta, _mamba, _nemotron, _short_conv):
        found = read(fields)
        if found is not None:
            return found
    return KvLayer(kind="linear")


def _state(conv: int, state: int) -> KvLayer:
    return KvLayer(conv_numbers=conv, state_numbers=state, kind="linear")


def _gated_delta(fields: Fields) -> KvLayer | None:
    """Qwen3-Next and Qwen3.5."""
    values = fields.count("linear_num_value_heads")
    if not values:
        return None
    keys = fields.count("linear_num_key_heads") or 0
    key, value = (
        fields.count("linear_key_head_dim") or 0,
        fields.count("linear_value_head_dim") or 0,
    )
    kernel = fields.count("linear_conv_kernel_dim") or 4
    return _state((2 * keys * key + values * value) * kernel, values * key * value)


def _mamba(fields: Fields) -> KvLayer | None:
    """Falcon H1, Bamba, Granite hybrid: the second Mamba."""
    heads, state = fields.count("mamba_n_heads"), fields.count("mamba_d_state")
    if not heads or not state:
        return None
    head = fields.count("mamba_d_head") or 0
    inner = fields.count("mamba_d_ssm") or heads * head
    groups, kernel = fields.count("mamba_n_groups") or 1, fields.count("mamba_d_conv") or 4
    return _state((inner + 2 * groups * state) * kernel, heads * head * state)


def _nemotron(fields: Fields) -> KvLayer | None:
    heads, head = fields.count("mamba_num_heads"), fields.count("mamba_head_dim")
    if not heads or not head:
        return None
    state, groups = fields.count("ssm_state_size") or 128, fields.count("n_groups") or 8
    conv = heads * head + 2 * groups * state
    return _state(conv * (fields.count("conv_kernel") or 4), heads * head * state)


def _short_conv(fields: Fields) -> KvLayer | None:
    """LFM2: a short convolution and nothing else."""
    kernel = fields.count("conv_L_cache")
    return _state(kernel * (fields.count("hidden_size") or 0), 0) if kernel else None
