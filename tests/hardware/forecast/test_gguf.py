"""A GGUF file on disk: forecast from its header, and refused with the reason when it lies."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from core.errors import NotAModel
from core.providers.disk import file_at, folder_at, shape_of_gguf
from testing.gguf_bytes import LLAMA, gguf_bytes
from tests.conftest import OpenWorkbench


def written(folder: Path, content: bytes) -> str:
    file = folder / "model.gguf"
    file.write_bytes(content)
    return f"gguf:{file}"


def test_its_dimensions_come_from_its_header(tmp_path: Path) -> None:
    shape = shape_of_gguf(written(tmp_path, gguf_bytes()))
    assert [layer.kv_heads for layer in shape.layers] == [4, 2]
    assert (shape.vocabulary, shape.hidden, shape.feed_forward) == (3, 64, 128)
    assert shape.weights_bytes == 64 * 4 + 96  # 64 numbers in 32 bits; 64 in 8, and padding
    assert shape.kv_bytes(100) == 100 * (4 + 2) * (16 + 16) * 2


def test_a_forecast_through_the_same_door_as_of_any_model(
    open_workbench: OpenWorkbench, tmp_path: Path
) -> None:
    found = open_workbench().forecasts.of(written(tmp_path, gguf_bytes()), 4096)
    assert found.context_tokens == 2048  # its own window
    assert found.kv_bytes == 2048 * 6 * 32 * 2
    assert found.verdict != "unknown"


WHOLE = gguf_bytes()
HUGE = gguf_bytes({**LLAMA, "x": "y"}).replace(
    struct.pack("<Q", 1) + b"y", struct.pack("<Q", 2**60) + b"y"
)


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", "does not begin"),
        (b"PK\3\4" + WHOLE[4:], "does not begin"),
        (gguf_bytes(version=9), "version 9"),
        (WHOLE[:-30], "cut off: 2 bytes"),
        (WHOLE[:60], "cut off in its header"),
        (WHOLE[:4] + struct.pack("<IQQ", 3, 2**50, 8) + WHOLE[24:], "more entries"),
        (HUGE, "longer than the file"),
        (gguf_bytes({"general.architecture": "llama"}), "does not tell its layers"),
        (WHOLE.replace(struct.pack("<II", 9, 8), struct.pack("<II", 9, 9), 1), "cannot be true"),
        (WHOLE.replace(struct.pack("<II", 4, 2048), struct.pack("<II", 77, 1)), "unknown kind 77"),
    ],
)
def test_what_is_wrong_with_it_is_told(content: bytes, detail: str, tmp_path: Path) -> None:
    with pytest.raises(NotAModel) as refused:
        shape_of_gguf(written(tmp_path, content))
    assert detail in str(refused.value.params["detail"])


@pytest.mark.parametrize("cut", range(0, len(WHOLE) - 28, 7))
def test_wherever_it_is_cut_off_it_is_refused(cut: int, tmp_path: Path) -> None:
    with pytest.raises(NotAModel):
        shape_of_gguf(written(tmp_path, WHOLE[:cut]))


@pytest.mark.parametrize("text", ["", "x.gguf", "../x.gguf", "/dev/zero", "/a\0b", "/nowhere/x"])
def test_a_path_is_whole_and_names_a_regular_file(text: str) -> None:
    with pytest.raises(NotAModel):
        file_at(text, "gguf:x")
    with pytest.raises(NotAModel):
        folder_at(text, "gguf:x")
