"""Small GGUF files, byte by byte, for tests: a header with a few key/values and tensors."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

LLAMA: Mapping[str, Any] = {
    "general.architecture": "llama",
    "llama.block_count": 2,
    "llama.context_length": 2048,
    "llama.embedding_length": 64,
    "llama.feed_forward_length": 128,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": [4, 2],
    "tokenizer.ggml.tokens": ["<s>", "a", "b"],
}
F32, Q8_0 = 0, 8


def gguf_bytes(
    metadata: Mapping[str, Any] = LLAMA,
    tensors: Sequence[tuple[str, int, int]] = (("token_embd.weight", F32, 64), ("out", Q8_0, 64)),
    *,
    version: int = 3,
) -> bytes:
    """A whole file; a tensor is (name, kind, how many numbers)."""
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata))
    head += b"".join(_text(name) + _value(value) for name, value in metadata.items())
    at, body = 0, b""
    for name, kind, count in tensors:
        head += _text(name) + struct.pack("<IQIQ", 1, count, kind, at)
        size = 4 * count if kind == F32 else count // 32 * 34
        body += b"\1" * size + b"\0" * (-size % 32)
        at = len(body)
    return head + b"\0" * (-len(head) % 32) + body


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    texts = isinstance(value[0], str)
    entries = [_text(one) if texts else struct.pack("<I", one) for one in value]
    return struct.pack("<IIQ", 9, 8 if texts else 4, len(value)) + b"".join(entries)
