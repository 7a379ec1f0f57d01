"""What a GGUF file says of itself: its key/values and where its tensors end, without its weights.

Every length is looked at before it is believed: a file may be cut off, or made to harm. Lists
longer than a model has layers are not kept, only counted.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MOST_ENTRIES = 100_000
LONGEST_TEXT = 64 * 1024 * 1024  # a chat template, or all bytes of a token list
KEPT = 10_000  # entries of a list: more are counted
TEXT, LIST = 8, 9
NUMBERS: Mapping[int, str] = {
    **{0: "B", 1: "b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "?"},
    **{10: "<Q", 11: "<q", 12: "<d"},
}
# Kind of tensor → numbers a block, bytes a block (ggml.h); others are only looked at as far as
# where they begin.
BLOCKS: Mapping[int, tuple[int, int]] = {
    **{0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24)},
    **{8: (32, 34), 9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144)},
    **{13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74)},
    **{18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82)},
    **{23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8)},
    **{29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17)},
}


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The key/values (a long list is given as its length) and the size of all tensors, bytes."""

    metadata: Mapping[str, Any]
    tensors: int
    weights_bytes: int


def read_gguf(file: Path) -> GgufHeader:
    """Read the header of `file`.

    Raises:
        ValueError: it is none, it is cut off, or its header cannot be true; the text says which.
        OSError: it cannot be read.
    """
    size = file.stat().st_size
    with file.open("rb") as stream:
        return _Reader(stream, size).header()


class _Reader:
    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._size = stream, size

    def header(self) -> GgufHeader:
        if self._stream.read(4) != MAGIC:
            raise ValueError("it does not begin as a GGUF file does")
        version = self._number("<I")
        if version not in VERSIONS:
            raise ValueError(f"its GGUF version {version} is none that is known here")
        tensors, entries = self._count("<Q"), self._count("<Q")
        metadata = {self._text(): self._value(self._number("<I")) for _ in range(entries)}
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 20:
            raise ValueError("its alignment cannot be true")
        weights = max((self._tensor() for _ in range(tensors)), default=0)
        begin = -(-self._stream.tell() // alignment) * alignment
        if begin + weights > self._size:
            missing = begin + weights - self._size
            raise ValueError(f"it is cut off: {missing} bytes of its weights are missing")
        return GgufHeader(metadata, tensors, self._size - begin if tensors else 0)

    def _tensor(self) -> int:
        """Where a tensor ends, bytes after the header."""
        self._text()
        sizes = [int(self._number("<Q")) for _ in range(self._count("<I", 8))]
        kind, start = self._number("<I"), self._number("<Q")
        numbers, each = BLOCKS.get(kind, (1, 0))
        return int(start) + math.prod(sizes) // numbers * each

    def _value(self, kind: int) -> Any:
        if kind == TEXT:
            return self._text()
        if kind != LIST:
            return self._number(self._format(kind))
        kind, count = self._number("<I"), int(self._number("<Q"))
        if kind in (TEXT, LIST):
            return self._texts(kind, count)
        form = self._format(kind)
        if count > KEPT:
            self._skip(count * struct.calcsize(form))
            return count
        return [self._number(form) for _ in range(count)]

    def _texts(self, kind: int, count: int) -> int:
        """How many there are; a list of lists is nothing that a model file has."""
        if kind == LIST or count > self._size:
            raise ValueError("its header has a list that cannot be true")
        for _ in range(count):
            self._skip(self._number("<Q"))
        return count

    def _text(self) -> str:
        length = self._number("<Q")
        if length > min(LONGEST_TEXT, self._size):
            raise ValueError("its header has a text that is longer than the file")
        return self._bytes(length).decode("utf-8", errors="replace")

    def _count(self, form: str, most: int = MOST_ENTRIES) -> int:
        found = int(self._number(form))
        if found > most:
            raise ValueError("its header counts more entries than a model has")
        return found

    def _format(self, kind: int) -> str:
        if kind not in NUMBERS:
            raise ValueError(f"its header has a value of the unknown kind {kind}")
        return NUMBERS[kind]

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]

    def _skip(self, length: int) -> None:
        if self._stream.tell() + length > self._size:
            raise ValueError("it is cut off in its header")
        self._stream.seek(length, 1)

    def _bytes(self, length: int) -> bytes:
        found = self._stream.read(length)
        if len(found) != length:
            raise ValueError("it is cut off in its header")
        return found
