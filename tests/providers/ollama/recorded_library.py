"""What must come out of each recorded create, pull, copy, delete and blob of a real Ollama."""

from __future__ import annotations

from core.errors import (
    DigestWrong,
    ModelMissing,
    ModelRefused,
    NotAModel,
    ProviderError,
    SourceAway,
)

# case -> the statuses that its lines say, each once, hashes cut
STORED = ["creating new layer", "using existing layer", "writing manifest", "success"]
LAYERS = ["using existing layer", "writing manifest", "success"]
CREATED = {
    "create_adapter": ["converting adapter", *LAYERS[:1], "creating new layer", *LAYERS[1:]],
    "create_bad_parameter": [LAYERS[0], "creating new layer", *LAYERS[1:]],
    "create_from_stream": [LAYERS[0], "creating new layer", *LAYERS[1:]],
    "create_from_whole": ["success"],
    "create_quantize": ["quantizing F16 model to Q4_K_M", "verifying conversion", *STORED],
    "create_safetensors": ["converting model", *LAYERS],
}

# case -> (error, a part of what it says)
REFUSED: dict[str, tuple[type[ProviderError], str]] = {
    "create_adapter_not_a_lora": (NotAModel, "unknown type"),
    "create_bad_template": (ModelRefused, "unclosed action"),
    "create_blob_absent": (NotAModel, "no such file"),
    "create_from_unknown": (SourceAway, "127.0.0.1:9"),
    "create_no_name": (ModelRefused, "invalid model name"),
    "create_not_a_model": (NotAModel, "not in GGUF format"),
    "create_nothing": (NotAModel, "neither"),
    "create_quantize_bad": (ModelRefused, "Q7"),
    "create_safetensors_no_tokenizer": (NotAModel, "unknown tokenizer format"),
    "pull_bad_name": (ModelRefused, "invalid model name"),
    "pull_no_registry": (SourceAway, "127.0.0.1:9"),
    "pull_no_registry_whole": (SourceAway, "127.0.0.1:9"),
    "copy_unknown": (ModelMissing, ""),
    "delete_unknown": (ModelMissing, ""),
    "blob_digest_bad": (ModelRefused, "invalid digest"),
    "blob_digest_mismatch": (DigestWrong, ""),
}

# Nothing comes back, and nothing is wrong.
SILENT = {"copy", "delete", "blob_head_absent", "blob_head_present", "blob_post", "blob_post_again"}
PATHS = ("/api/create", "/api/pull", "/api/copy", "/api/delete", "/api/blobs")
