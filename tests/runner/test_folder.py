"""Which folders are taken for models, and what is said of the others."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import (
    CodeInside,
    ModelIncomplete,
    ModelMissing,
    ModelRefused,
    NotForChat,
    WeightsPickled,
)
from core.runner.folder import INDEX, inspect_folder
from testing.tiny_model import make_tiny_model

Spoil = Callable[[Path], object]


def edit(name: str, **values: Any) -> Spoil:
    def spoil(folder: Path) -> None:
        content = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**content, **values}))

    return spoil


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def lying_header(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes((2**60).to_bytes(8, "little") + file.read_bytes()[8:])


def index_to(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / INDEX).write_text(json.dumps({"weight_map": {"a": name}}))

    return spoil


def test_a_good_folder(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "good", dtype="float16")
    found = inspect_folder(folder, "hf:good")
    assert found.family == "llama"
    assert found.context_tokens == 512
    assert found.dtype == "F16"
    assert found.size_bytes == (folder / "model.safetensors").stat().st_size
    assert found.parameters * 2 == pytest.approx(found.size_bytes, rel=0.05)
    assert "assistant" in found.chat_template


def test_a_template_in_its_own_file(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "good", template=None)
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    assert inspect_folder(folder, "hf:good").chat_template == "{{ messages }}"


def test_a_template_as_older_processors_have_it(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "good", template=None)
    (folder / "chat_template.json").write_text('{"chat_template": "{{ messages }}"}')
    assert inspect_folder(folder, "hf:good").chat_template == "{{ messages }}"


@pytest.mark.parametrize(
    ("family", "processor", "sees"),
    [("llava", True, True), ("llava", False, False), ("smolvlm", True, False)],
)
def test_what_sees_is_known_from_its_files(
    tmp_path: Path, family: str, processor: bool, sees: bool
) -> None:
    folder = make_tiny_model(tmp_path / "good")
    edit("config.json", model_type=family, vision_config={"hidden_size": 8})(folder)
    if processor:
        (folder / "processor_config.json").write_text("{}")
    assert inspect_folder(folder, "hf:good").sees is sees  # num2words is not installed


@pytest.mark.parametrize(
    ("spoil", "error", "names"),
    [
        (lambda f: (f / "config.json").unlink(), ModelMissing, "hf:bad"),
        (lambda f: (f / "config.json").write_text("[]"), ModelIncomplete, "config.json"),
        (lambda f: (f / "config.json").write_text("[" * 9999), ModelIncomplete, "config.json"),
        (lambda f: (f / "config.json").write_bytes(b"\xff\x00"), ModelIncomplete, "config.json"),
        (edit("config.json", auto_map={"AutoModel": "evil.Evil"}), CodeInside, "code"),
        (edit("tokenizer_config.json", auto_map={"T": ["e.E", None]}), CodeInside, "code"),
        (pickled, WeightsPickled, "pytorch_model.bin"),
        (lambda f: (f / "model.safetensors").unlink(), ModelIncomplete, "model.safetensors"),
        (cut, ModelIncomplete, "model.safetensors"),
        (lying_header, ModelIncomplete, "model.safetensors"),
        (lambda f: (f / "model.safetensors").write_bytes(b""), ModelIncomplete, "safetensors"),
        (lambda f: (f / "tokenizer.json").unlink(), ModelIncomplete, "tokenizer.json"),
        (edit("tokenizer_config.json", chat_template=None), NotForChat, "chat template"),
        (edit("tokenizer_config.json", chat_template=[3]), NotForChat, "chat template"),
        (index_to("../../secret.safetensors"), ModelIncomplete, "secret"),
        (index_to("model.bin"), ModelIncomplete, "model.bin"),
        (index_to("model-00002-of-00002.safetensors"), ModelIncomplete, "00002"),
        (lambda f: (f / INDEX).write_text("{}"), ModelIncomplete, INDEX),
    ],
)
def test_what_is_refused(
    tmp_path: Path, spoil: Spoil, error: type[ModelRefused], names: str
) -> None:
    folder = make_tiny_model(tmp_path / "bad")
    spoil(folder)
    with pytest.raises(error) as caught:
        inspect_folder(folder, "hf:bad")
    assert names in str(caught.value)
    assert caught.value.hint()
