"""What a safetensors file says of itself: names, number formats and shapes, without torch."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

JSON_LIMIT = 64 * 1024 * 1024
BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2}


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a file. `start` and `end` are bytes from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def numbers(self) -> int:
        return math.prod(self.shape)


def read_header(file: Path) -> dict[str, Tensor]:
    """Name → tensor.

    Raises:
        ValueError: the file is cut off, or its header does not tell the truth.
    """
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if not 2 <= length <= min(size - 8, JSON_LIMIT):
            raise ValueError("the header has no possible length")
        try:
            content = json.loads(stream.read(length))
        except (ValueError, RecursionError):
            raise ValueError("the header is no JSON") from None
    if not isinstance(content, dict):
        raise ValueError("the header is no JSON object")
    content.pop("__metadata__", None)
    try:
        found = {str(name): _tensor(entry) for name, entry in content.items()}
    except (KeyError, TypeError, IndexError):
        raise ValueError("the header has an entry of an unknown form") from None
    if not found or max(tensor.end for tensor in found.values()) + 8 + length != size:
        raise ValueError("the header promises another length")
    return found


def _tensor(entry: dict[str, object]) -> Tensor:
    shape = tuple(int(number) for number in entry["shape"])  # type: ignore[attr-defined]
    start, end = (int(place) for place in entry["data_offsets"])  # type: ignore[attr-defined]
    tensor = Tensor(str(entry["dtype"]), shape, start, end)
    each = BYTES.get(tensor.dtype)
    lies = each is not None and tensor.numbers * each != end - start
    if lies or start < 0 or end < start or min(shape, default=0) < 0:
        raise ValueError("the header has a tensor of another size than its numbers")
    return tensor
