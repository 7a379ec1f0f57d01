"""The models and the ways to load and train them whose memory `bench forecast` measures.

The constants of the forecast (what a process takes, what the C library leaves over) were fitted on
the first cases. `HELD_OUT` and the trainings that say so were not looked at for that: other
sizes, other families, other contexts and number formats. The errors of those before `FRESH` told
that two parts were missing (words that stay in the file, experts that are put together); the
`FRESH` ones were added after that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.hardware.forecast import Training
from core.runner.loading import LoadOptions
from testing.tiny_model import Shape

WINDOW = 8192
SIZES = {
    "14M": Shape(256, 8, 8, 4, 768, 8_000, WINDOW),
    "60M": Shape(512, 12, 8, 4, 1536, 16_000, WINDOW),
    "130M": Shape(768, 12, 12, 4, 2304, 32_000, WINDOW),
    "390M": Shape(1152, 20, 18, 6, 3456, 32_000, WINDOW),
    "35M": Shape(384, 10, 6, 2, 1024, 12_000, WINDOW),
    "230M": Shape(896, 16, 14, 7, 2688, 32_000, WINDOW),
    "180M": Shape(832, 14, 13, 13, 2240, 28_000, WINDOW),
}
_COMMON: Mapping[str, Any] = {
    "vocab_size": 24_000,
    "hidden_size": 640,
    "intermediate_size": 1920,
    "num_hidden_layers": 12,
    "num_attention_heads": 10,
    "num_key_value_heads": 5,
    "max_position_embeddings": WINDOW,
    "tie_word_embeddings": False,
}
FAMILIES: Mapping[str, Mapping[str, Any]] = {
    "qwen2": {**_COMMON, "model_type": "qwen2"},
    "qwen3": {**_COMMON, "model_type": "qwen3", "head_dim": 128},
    "gemma3": {
        **_COMMON,
        "model_type": "gemma3_text",
        "head_dim": 64,
        "sliding_window": 512,
        "layer_types": ["full_attention" if n % 6 == 5 else "sliding_attention" for n in range(12)],
    },
    "mistral": {**_COMMON, "model_type": "mistral", "sliding_window": None},
    "phi3": {**_COMMON, "model_type": "phi3"},
    "mixtral": {
        **_COMMON,
        "model_type": "mixtral",
        "num_hidden_layers": 8,
        "intermediate_size": 768,
        "num_local_experts": 4,
        "sliding_window": None,
    },
    "qwen3_moe": {
        **_COMMON,
        "model_type": "qwen3_moe",
        "head_dim": 64,
        "num_hidden_layers": 8,
        "moe_intermediate_size": 512,
        "num_experts": 8,
        "num_experts_per_tok": 2,
        "decoder_sparse_step": 1,
    },
}


@dataclass(frozen=True, slots=True)
class Case:
    """One way to load one model: a Llama of a size, or another family. `files` is the number
    format of its files."""

    size: str
    context_tokens: int = 512
    files: str = "float32"
    quantization: str = "none"
    kv_type: str = "f16"

    @property
    def load(self) -> LoadOptions:
        kinds = {"quantization": self.quantization, "kv_type": self.kv_type}
        return LoadOptions(self.context_tokens, device="cpu", **kinds)  # type: ignore[arg-type]


FITTED = (
    Case("14M"),
    Case("14M", 4096),
    Case("60M", 1024),
    Case("60M", 4096),
    Case("60M", 4096, kv_type="q8_0"),
    Case("60M", 4096, kv_type="q4_0"),
    Case("60M", 256, quantization="int8"),
    Case("60M", 256, quantization="nf4"),
    Case("60M", 1024, files="float16"),
    Case("130M", 1024),
    Case("130M", 256, quantization="int8"),
    Case("130M", 256, quantization="nf4"),
    Case("130M", 512, files="float16"),
    Case("390M", 512),
)
FRESH = (
    Case("180M", 1280),
    Case("180M", 640, quantization="int8"),
    Case("180M", 384, files="float16"),
    Case("35M", 1024, quantization="int8"),
    Case("qwen3_moe", 1536),
)
HELD_OUT = (
    Case("35M", 2048),
    Case("35M", 3072, kv_type="q8_0"),
    Case("35M", 768, files="float16"),
    Case("35M", 512, quantization="nf4"),
    Case("230M", 768),
    Case("230M", 2048),
    Case("230M", 384, quantization="int8"),
    Case("qwen2", 1024),
    Case("qwen3", 2048),
    Case("gemma3", 3072),
    Case("mistral", 1536, files="bfloat16"),
    Case("phi3", 1024),
    Case("mixtral", 1024),
    *FRESH,
)


@dataclass(frozen=True, slots=True)
class Lesson:
    """One training that is measured."""

    size: str
    training: Training
    held_out: bool = False

    def __str__(self) -> str:
        one = self.training
        told = f"{self.size} rank {one.rank}, {one.batch}×{one.tokens} tokens"
        ways = [one.quantization or "none", "checkpoints" if one.checkpointing else "all kept"]
        return ", ".join([told, *ways])


ALL = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
LESSONS = (
    Lesson("60M", Training(tokens=512, checkpointing=False)),
    Lesson("60M", Training(tokens=512)),
    Lesson("60M", Training(rank=64, tokens=256)),
    Lesson("130M", Training(tokens=256)),
    Lesson("60M", Training(tokens=256, quantization="nf4")),
    Lesson("35M", Training(rank=16, targets=ALL, tokens=384, checkpointing=False)),
    Lesson("35M", Training(rank=16, targets=ALL, tokens=512, batch=2)),
    Lesson("230M", Training(rank=8, tokens=256, batch=2), held_out=True),
    Lesson("230M", Training(rank=32, tokens=256, quantization="nf4"), held_out=True),
    Lesson("qwen3", Training(rank=16, tokens=512), held_out=True),
)
