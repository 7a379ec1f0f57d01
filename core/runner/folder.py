"""What a model folder holds, read without torch, and why one is refused.

Only safetensors are loaded and no code from a folder is ever run. The same check stands in
the app (to list and to explain) and in the runner (which trusts nobody).
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import CodeInside, ModelIncomplete, ModelMissing, NotForChat, WeightsPickled
from core.runner.header import JSON_LIMIT, Tensor, read_header

PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack")
INDEX = "model.safetensors.index.json"
NOT_SHRUNK = ("embed", "lm_head", "wte", "wpe", "norm", "router", "vision", "visual")
VISION = (
    "vision",
    "visual",
    "multi_modal",
    "mm_projector",
    "connector",
    "image_newline",
    "aligner",
)
WORDS = ("embed_tokens.weight", "wte.weight", "word_embeddings.weight", "embed_in.weight")
SCORES = ("lm_head.weight", "embed_out.weight")  # absent where the words' vectors serve for them
EXPERT = re.compile(r"\.experts\.\d+\.")
OWN_FILE = "chat_template.json"
PROCESSORS = ("processor_config.json", "preprocessor_config.json")
NEEDS: Mapping[str, str] = {"smolvlm": "num2words"}  # what a family's processor wants installed
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What is known of a usable folder. `None` means that its files do not say.

    `linear_parameters` are those of `parameters` that stand in matrices which 8 and 4 bits shrink,
    `vision_parameters` those of the part that looks at pictures, `lookup_parameters` those that
    are only looked up, word by word, and `expert_parameters` those that lie expert by expert.
    """

    path: Path
    family: str
    size_bytes: int
    parameters: int
    dtype: str
    context_tokens: int | None
    quantization: str | None
    chat_template: str
    linear_parameters: int = 0
    vision_parameters: int = 0
    lookup_parameters: int = 0
    expert_parameters: int = 0
    config: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def sees(self) -> bool:
        """Whether it can be shown pictures."""
        wanted = NEEDS.get(self.family)
        installed = wanted is None or importlib.util.find_spec(wanted) is not None
        there = any((self.path / name).is_file() for name in PROCESSORS)
        return installed and there and isinstance(self.config.get("vision_config"), Mapping)


def inspect_folder(folder: Path, ref: str) -> ModelFolder:
    """Read `folder`; errors name the model as `ref`.

    Raises:
        ModelMissing: there is no such folder, or no config.json in it.
        ModelRefused: one of its subclasses says what is wrong and what would help.
    """
    if not (folder / "config.json").is_file():
        raise ModelMissing(model=ref)
    return _Inspection(folder, ref).result()


class _Inspection:
    def __init__(self, folder: Path, ref: str) -> None:
        self._folder = folder
        self._ref = ref

    def result(self) -> ModelFolder:
        config = self._object("config.json")
        words = self._tokenizer_config()
        if config.get("auto_map") or words.get("auto_map"):
            raise CodeInside(model=self._ref)
        weights = self._weights()
        tensors = self._tensors(weights)
        kinds: Counter[str] = Counter()
        for tensor in tensors.values():
            kinds[tensor.dtype] += tensor.numbers
        vision = _numbers(tensors, lambda name, _one: any(word in name for word in VISION))
        scored = any(name.endswith(SCORES) for name in tensors)
        text = config.get("text_config")
        return ModelFolder(
            path=self._folder,
            family=str(config.get("model_type", "unknown")),
            size_bytes=sum(file.stat().st_size for file in weights),
            parameters=kinds.total(),
            dtype=kinds.most_common(1)[0][0] if kinds else "unknown",
            context_tokens=_window(text if isinstance(text, dict) else config),
            quantization=_quantization(config),
            chat_template=self._chat_template(words),
            linear_parameters=_numbers(tensors, lambda name, one: _is_linear(name, one.shape)),
            vision_parameters=vision if "vision_config" in config else 0,
            lookup_parameters=_numbers(tensors, lambda name, _one: scored and name.endswith(WORDS)),
            expert_parameters=_numbers(tensors, lambda name, _one: bool(EXPERT.search(name))),
            config=config,
        )

    def _tokenizer_config(self) -> dict[str, Any]:
        if not any((self._folder / name).is_file() for name in TOKENIZERS):
            raise self._incomplete(TOKENIZERS[0])
        name = "tokenizer_config.json"
        return self._object(name) if (self._folder / name).is_file() else {}

    def _weights(self) -> list[Path]:
        if (self._folder / INDEX).is_file():
            return self._shards()
        found = sorted(self._folder.glob("model*.safetensors"))
        if found:
            return found
        pickled = sorted(file.name for file in self._folder.iterdir() if file.suffix in PICKLED)
        if pickled:
            raise WeightsPickled(model=self._ref, file=pickled[0])
        raise self._incomplete("model.safetensors")

    def _shards(self) -> list[Path]:
        mapping = self._object(INDEX).get("weight_map")
        names = {str(name) for name in mapping.values()} if isinstance(mapping, dict) else set()
        for name in sorted(names) or [INDEX]:
            inside = Path(name).name == name and name.endswith(".safetensors")
            if not inside or not (self._folder / name).is_file():
                raise self._incomplete(name)
        return [self._folder / name for name in sorted(names)]

    def _tensors(self, files: list[Path]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        for file in files:
            try:
                found |= read_header(file)
            except ValueError:
                raise self._incomplete(file.name) from None
        return found

    def _chat_template(self, words: dict[str, Any]) -> str:
        file = self._folder / "chat_template.jinja"
        if file.is_file() and file.stat().st_size <= JSON_LIMIT:
            return file.read_text(encoding="utf-8", errors="replace")
        template = words.get("chat_template")
        if template is None and (self._folder / OWN_FILE).is_file():  # as older processors have it
            template = self._object(OWN_FILE).get("chat_template")
        if isinstance(template, list):  # several, with names
            named = [entry for entry in template if isinstance(entry, dict)]
            template = {entry.get("name"): entry.get("template") for entry in named}.get("default")
        if not isinstance(template, str) or not template.strip():
            raise NotForChat(model=self._ref)
        return template

    def _object(self, name: str) -> dict[str, Any]:
        file = self._folder / name
        if file.stat().st_size > JSON_LIMIT:
            raise self._incomplete(name)
        return self._parse(file.read_bytes(), name)

    def _parse(self, content: bytes, name: str) -> dict[str, Any]:
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            raise self._incomplete(name) from None
        if not isinstance(found, dict):
            raise self._incomplete(name)
        return found

    def _incomplete(self, name: str) -> ModelIncomplete:
        return ModelIncomplete(model=self._ref, file=name)


def tensors_of(folder: Path) -> dict[str, Tensor]:
    """All tensors of a folder that was inspected; those that cannot be read are left out."""
    found: dict[str, Tensor] = {}
    for file in sorted(folder.glob("model*.safetensors")):
        with contextlib.suppress(OSError, ValueError):
            found |= read_header(file)
    return found


def _numbers(tensors: Mapping[str, Tensor], counted: Callable[[str, Tensor], bool]) -> int:
    return sum(tensor.numbers for name, tensor in tensors.items() if counted(name, tensor))


def _is_linear(name: str, shape: tuple[int, ...]) -> bool:
    """Whether bitsandbytes would shrink it: a matrix that is neither words' vectors nor scores."""
    return len(shape) == 2 and not any(word in name for word in NOT_SHRUNK)


def _window(config: dict[str, Any]) -> int | None:
    value = config.get("max_position_embeddings")
    return value if isinstance(value, int) and value > 0 else None


def _quantization(config: dict[str, Any]) -> str | None:
    found = config.get("quantization_config")
    if not isinstance(found, dict):
        return None
    method = str(found.get("quant_method", "unknown"))
    bits = next((bits for bits in ("4", "8") if found.get(f"load_in_{bits}bit")), "")
    return f"{method} {bits}-bit" if bits else method
